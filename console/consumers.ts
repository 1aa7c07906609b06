/** A consumer that is connected to the Worker. */
export type ConnectedConsumer = {
  readonly instance: string;
  readonly version: string;
  /** Those that it handles. */
  readonly operations: readonly string[];
  /** A link for each shard of the mailbox, and when it was opened: RFC 3339. */
  readonly links: readonly { readonly shard: number; readonly openedAt: string }[];
  /** How many records of a partition it has not committed. Absent if it does not say. */
  readonly lag?: readonly { readonly topic: string; readonly partition: number; readonly lag: number }[];
};

const PATIENCE_MS = 5_000;

/** Asks the Worker for `GET /consumers`. Undefined if it does not say, or does not answer. */
export const readConsumers = async (fetch: typeof globalThis.fetch): Promise<readonly ConnectedConsumer[] | undefined> => {
  try {
    const response = await fetch("/consumers", { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { consumers } = (await response.json()) as { readonly consumers?: unknown };
    return response.ok && Array.isArray(consumers) && consumers.every(isConsumer) ? consumers : undefined;
  } catch {
    return undefined;
  }
};

const isConsumer = (value: Partial<ConnectedConsumer> | null): value is ConnectedConsumer =>
  [value?.instance, value?.version].every((text) => typeof text === "string") &&
  [value?.operations, value?.links].every((list) => Array.isArray(list));
