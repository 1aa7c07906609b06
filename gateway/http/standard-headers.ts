/**
 * Headers of the exchange itself, which say nothing of the event that a webhook tells of: those of HTTP and Fetch (IANA's registry of
 * field names), and what proxies on the way add. Credentials are among them, so that none reaches a topic.
 */
const NAMES: ReadonlySet<string> = new Set(
  `accept accept-charset accept-encoding accept-language accept-ranges access-control-request-headers access-control-request-method
  age allow authorization cache-control cdn-loop connection content-disposition content-encoding content-language content-length
  content-location content-range content-type cookie cookie2 date dnt early-data etag expect expires forwarded from host http2-settings
  if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified link max-forwards origin pragma prefer
  priority proxy-authenticate proxy-authorization proxy-connection range referer retry-after save-data server te trailer
  transfer-encoding true-client-ip upgrade upgrade-insecure-requests user-agent vary via warning x-real-ip x-request-start`.split(/\s+/),
);

const PREFIXES = ["sec-", "x-forwarded-", "cf-", "x-amzn-", "x-envoy-"] as const;

/** @param name in lower case */
export const isStandardHeader = (name: string): boolean => NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
