import { RejoinderError } from "../../protocol/errors.ts";
import type { PartitionLag } from "../../protocol/link.ts";
import type { Context } from "hono";
import { type Authorize, OPERATOR } from "../identity/principal.ts";
import type { Consumers } from "../link/consumers.ts";
import { jsonResponse } from "../responses.ts";

/** The body of `GET /consumers`. */
export type ConsumersBody = {
  readonly consumers: readonly {
    /** The name that the process gives itself. */
    readonly instance: string;
    /** Of its library. */
    readonly version: string;
    /** Those of the contract that it handles. */
    readonly operations: readonly string[];
    /** `openedAt` is RFC 3339. */
    readonly links: readonly { readonly shard: number; readonly openedAt: string }[];
    /** How many records of each partition that it reads it has not committed. Absent if it does not say: it is of an older version, or busy. */
    readonly lag?: readonly PartitionLag[];
  }[];
};

/** `GET /consumers`: which consumers have links, for the console. */
export const createConsumersRoute =
  (authorize: Authorize, consumers: Pick<Consumers, "links"> | undefined) =>
  async (context: Context): Promise<Response> => {
    await authorize(context, OPERATOR);
    if (consumers === undefined) throw new RejoinderError("NO_LINKS", { detail: "REPLY_STORE=kv has no mailbox that consumers link to." });
    const links = await consumers.links().catch((cause: unknown) => {
      console.error("The links of a mailbox could not be read", cause);
      throw new RejoinderError("STORE_UNAVAILABLE", { cause });
    });
    const byInstance = Map.groupBy(links, ({ consumer }) => consumer.instance);
    const body: ConsumersBody = {
      consumers: Array.from(byInstance, ([instance, own]) => {
        const newest = own.reduce((one, other) => (other.openedAt > one.openedAt ? other : one));
        const lag = own.find((link) => link.lag !== undefined)?.lag;
        return {
          instance,
          version: newest.consumer.version,
          operations: newest.consumer.operations,
          links: own
            .toSorted((one, other) => one.shard - other.shard)
            .map(({ shard, openedAt }) => ({ shard, openedAt: new Date(openedAt).toISOString() })),
          ...(lag && { lag }),
        };
      }).toSorted((one, other) => (one.instance < other.instance ? -1 : 1)),
    };
    return jsonResponse(200, JSON.stringify(body));
  };
