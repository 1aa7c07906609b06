import { RejoinderError } from "../protocol/errors.ts";
import { problemResponse } from "./responses.ts";

/** @param rest what the host says of a request beside it */
type Fetch<Rest extends readonly unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/** A year, as browsers remember it (RFC 6797): from its first answer on, they ask this host by https alone. */
export const STRICT_TRANSPORT_SECURITY = "max-age=31536000";

/** What every request passes before the routes: whether it may ask this host, and that the answer keeps a browser to https if it came by it. */
export const createEntrance =
  <Rest extends readonly unknown[]>(fetch: Fetch<Rest>, mayAsk: ((url: string) => boolean) | undefined): Fetch<Rest> =>
  (request, ...rest) => {
    if (mayAsk?.(request.url) === false) return wrongHost();
    const response = fetch(request, ...rest);
    // A WebSocket is no browser's, and its response cannot be changed.
    return request.url.startsWith("https:") && !request.headers.has("upgrade") ? overHttpsOnly(response) : response;
  };

const overHttpsOnly = async (answered: Response | Promise<Response>): Promise<Response> => {
  const response = await answered;
  response.headers.set("strict-transport-security", STRICT_TRANSPORT_SECURITY);
  return response;
};

const wrongHost = (): Response =>
  problemResponse(
    new RejoinderError("WRONG_HOST", {
      detail: "Expected a host of this server. If the name is yours, set PUBLIC_URL to it, or add it to ALLOWED_HOSTS.",
    }),
  );

/**
 * Whether a URL's host may be asked. A page may call its own host, so a page of a stranger's name that has begun to point at this machine could
 * call what only this machine or its network may reach (DNS rebinding). What no stranger can own is allowed: addresses, names of one
 * label, and those below `localhost`, `local` and `internal`.
 * @param hosts further names; `.example.com` is every name below it, `*` every name
 */
export const createHostCheck = (hosts: readonly string[]): ((url: string) => boolean) => {
  const names = hosts.map((host) => host.toLowerCase());
  const isAllowed = (name: string): boolean =>
    !name.includes(".") ||
    /^[\d.]+$|^\[|\.(localhost|local|internal)$/.test(name) ||
    names.some((allowed) => allowed === "*" || allowed === name || (allowed.startsWith(".") && name.endsWith(allowed)));
  const known = new Map<string, boolean>();
  return (url) => {
    const begin = url.indexOf("//") + 2;
    const end = url.indexOf("/", begin);
    const authority = url.slice(begin, end < 0 ? undefined : end);
    const before = known.get(authority);
    if (before !== undefined) return before;
    const allowed = isAllowed(nameOf(url));
    if (known.size < MAX_REMEMBERED) known.set(authority, allowed);
    return allowed;
  };
};

/** More than a server has, and callers may make up any number. */
const MAX_REMEMBERED = 100;

/** Without the dot that a full name may have at its end. */
const nameOf = (url: string): string => new URL(url).hostname.replace(/\.$/, "");
