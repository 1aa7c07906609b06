import { isUtf8 } from "node:buffer";
import type { Header } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Route } from "./call.ts";
import { storeRecords } from "./produce.ts";

/**
 * `/webhook?topic=$TOPIC[&user=&pass=]`: for senders whose format nobody can change. The body becomes the value of one record as it is,
 * and all headers but those of HTTP itself become its headers. The response is that of `/produce`.
 */
export const webhookRoute: Route = {
  methods: ["GET", "POST"],
  scope: "produce",
  segments: [0, 0],
  bodyIs: "text",
  credentialsInQuery: true,
  async handle(call) {
    const topic = call.query.get("topic");
    if (topic === null) throw new GatewayError(400, "Expected the topic in the query, as in /webhook?topic=events.");
    return { body: await storeRecords(call, undefined, { topic, value: call.body, headers: headersOf(call.rawHeaders) }) };
  },
};

const headersOf = (raw: readonly string[]): Header[] => {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const key = String(raw[index]).toLowerCase();
    if (!isStandardHeader(key)) headers.push({ key, value: textOf(String(raw[index + 1])) });
  }
  return headers;
};

/** Node reads header values as Latin-1, as RFC 9110 §5.5 says, but most senders of other characters mean UTF-8. */
const textOf = (value: string): string => {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
};

/**
 * Headers of the exchange, not of the event: those of HTTP and Fetch (IANA's registry of field names), and those that proxies add.
 * Credentials are among them, so none reaches a topic.
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
const isStandardHeader = (name: string): boolean => NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
