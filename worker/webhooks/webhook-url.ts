/** Where webhooks may go, beyond the rules that hold for every URL. */
export type WebhookUrlPolicy = {
  /** Hosts of this Worker, which webhooks never go to; `.example.com` is every name below it. */
  readonly ownHosts: readonly string[];
  /** `host:port` of receivers that need keep none of the rules, also by http: for tests and development. */
  readonly allowedHosts: readonly string[];
};

export type WebhookUrlCheck =
  | { readonly ok: true; /** As it is called. */ readonly url: string }
  | { readonly ok: false; readonly reason: string };

const MAX_LENGTH = 2_048;

/** Names that lead into a private network, or nowhere (RFC 6761, RFC 6762, RFC 8375, and the names that networks use by habit). */
const PRIVATE_NAME = /\.(internal|local|localhost|localdomain|arpa|intranet|private|corp|home|lan|test|invalid|onion|alt)$/;

/**
 * Checks a URL that somebody wants webhooks at, before any look-up: https on port 443, at a public name. What addresses the name has is a
 * question for each attempt. The reason is a sentence that says what was expected.
 */
export const checkWebhookUrl = (url: string, policy: WebhookUrlPolicy): WebhookUrlCheck => {
  if (url.length > MAX_LENGTH) return refuse(`Expected at most ${MAX_LENGTH} characters.`);
  if (!URL.canParse(url)) return refuse("Expected an absolute URL.");
  const parsed = new URL(url);
  parsed.hash = "";
  if (parsed.username !== "" || parsed.password !== "") return refuse("Expected no user and no password in the URL.");
  if (isAllowedHost(parsed, policy.allowedHosts)) return { ok: true, url: parsed.href };
  if (parsed.protocol !== "https:") return refuse("Expected a URL that starts with https://.");
  if (parsed.port !== "") return refuse("Expected port 443.");
  const name = parsed.hostname.replace(/\.$/, "");
  // The parser writes every spelling of an IPv4 address, be it decimal, octal or hexadecimal, as four numbers.
  if (/^\[|^[\d.]+$/.test(name)) return refuse("Expected a host with a name, got an address.");
  // An empty label would hide the ending of a name, and make it another one than a host of the API.
  if (!/^[^.]+(\.[^.]+)+$/.test(name) || PRIVATE_NAME.test(name)) return refuse("Expected a host with a public name.");
  if (policy.ownHosts.some((host) => isHost(name, host.toLowerCase()))) return refuse("Expected another host than this API's own.");
  return { ok: true, url: parsed.href };
};

/** Whether a URL leads to one of the hosts that need keep none of the rules. */
export const isAllowedHost = ({ protocol, hostname, port }: URL, allowedHosts: readonly string[]): boolean =>
  /^https?:$/.test(protocol) && allowedHosts.includes(`${hostname}:${port || (protocol === "https:" ? "443" : "80")}`);

const isHost = (name: string, host: string): boolean => name === host || (host.startsWith(".") && name.endsWith(host));

const refuse = (reason: string): WebhookUrlCheck => ({ ok: false, reason });
