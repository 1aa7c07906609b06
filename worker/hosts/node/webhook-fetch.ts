import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, fetch } from "undici";
import { RefusedAddressError, type WebhookFetch } from "../../webhooks/webhook-sender.ts";
import { isAllowedHost } from "../../webhooks/webhook-url.ts";
import { isPublicAddress } from "./public-address.ts";

type NodeWebhookFetchOptions = {
  /** `host:port` of receivers that may have any address. */
  readonly allowedHosts: readonly string[];
  /** Default: that of the system. */
  readonly lookup?: LookupFunction;
  readonly isPublic?: (address: string) => boolean;
};

export type NodeWebhookFetch = {
  readonly fetch: WebhookFetch;
  /** Ends its connections. */
  close(): Promise<void>;
};

/**
 * The fetch of webhooks on Node. Addresses are checked in the look-up that a connection makes, and it is opened to those that were checked: a
 * name that changes its addresses in between gains nothing. One address that is not public refuses all of a name.
 */
export const openWebhookFetch = ({
  allowedHosts,
  lookup = systemLookup as LookupFunction,
  isPublic = isPublicAddress,
}: NodeWebhookFetchOptions): NodeWebhookFetch => {
  const guarded = new Agent({ connect: { lookup: checkedLookup(lookup, isPublic) } });
  const open = new Agent();
  return {
    async fetch(url, init) {
      const target = new URL(url);
      const isAllowed = isAllowedHost(target, allowedHosts);
      const name = target.hostname.replace(/^\[|\]$/g, "");
      // An address is never looked up.
      if (!isAllowed && isIP(name) !== 0 && !isPublic(name)) throw refused(name);
      try {
        const response = await fetch(url, { ...(init as object), dispatcher: isAllowed ? open : guarded });
        return response as unknown as Response;
      } catch (error) {
        throw refusalIn(error) ?? error;
      }
    },
    close: async () => void (await Promise.all([guarded.destroy(), open.destroy()])),
  };
};

/** Looks all addresses of a name up, and hands them on only if each is public. */
const checkedLookup =
  (lookup: LookupFunction, isPublic: (address: string) => boolean): LookupFunction =>
  (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const addresses = found as LookupAddress[];
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublic(address))) return callback(refused(name), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

const refused = (name: string): RefusedAddressError => new RefusedAddressError(`${name} has an address that is not public.`);

const refusalIn = (error: unknown): RefusedAddressError | undefined => {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof RefusedAddressError ? cause : undefined;
};
