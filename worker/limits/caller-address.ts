import type { Context } from "hono";

/** From where a call comes, as {@link readAddress} says it; undefined if nobody knows. */
export type AddressOf = (context: Context) => string | undefined;

/** The address that a platform or a proxy puts into a header; the last, if it has several, since callers can write those before it. */
export const headerAddress =
  (name: string): AddressOf =>
  ({ req }) =>
    readAddress(req.header(name)?.split(",").at(-1)?.trim());

/** IPv4 in IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/i;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[0-9a-f:]{2,39}$/;

/**
 * An address by which callers are told apart: IPv4 as it is, and of IPv6 the first 64 bits, since one customer of a provider has all the others.
 * Undefined for what is no address, and for this machine: then a proxy is between, and its address says nothing of the caller.
 */
export const readAddress = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const address = text.replace(MAPPED, "");
  if (IPV4.test(address)) return address.startsWith("127.") ? undefined : address;
  const [lower = ""] = address.toLowerCase().split("%");
  if (!IPV6.test(lower) || !lower.includes(":") || lower === "::1") return undefined;
  const [before = "", after] = lower.split("::");
  const groups = groupsOf(before);
  // What `::` stands for.
  if (after !== undefined) groups.push(...Array.from({ length: Math.max(8 - groups.length - groupsOf(after).length, 0) }, () => "0"));
  if (after !== undefined) groups.push(...groupsOf(after));
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::`;
};

const groupsOf = (text: string): string[] => text.split(":").filter((group) => group !== "");
