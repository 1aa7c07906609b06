import type { ConsumerLink } from "./link-endpoint.ts";

/** What all shards know of consumers, together. */
export type Consumers = {
  /** Remembers for a while that a consumer handles these operations of the contract, though it has no links. Rejects if a shard cannot be reached. */
  hear(operations: readonly string[]): Promise<void>;
  /** The links whose consumers have said hello, with how far these are behind. Rejects if a shard cannot be reached. */
  links(): Promise<readonly ConsumerLink[]>;
};
