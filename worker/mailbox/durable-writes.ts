import type { StatusKey } from "../status-store.ts";
import type { Rows } from "./rows.ts";

type DurableWritesOptions = {
  readonly rows: Pick<Rows, "forget">;
  /** As of a mailbox. */
  readonly transaction: <T>(run: () => T) => T | Promise<T>;
};

/** Has what is written become durable before anybody is told of it. */
export const createDurableWrites = ({ rows, transaction }: DurableWritesOptions) => {
  /** By correlation ID, what is not durable yet. */
  const underWay = new Map<string, Promise<unknown>>();
  return {
    /** Writes, and resolves once that is durable, and so is what was written before under the same keys. */
    async commit<T>(keys: readonly StatusKey[], run: () => T): Promise<T> {
      try {
        const written = transaction(run);
        // Where a transaction is durable at once, or the platform holds back what leaves before it is, there is nothing to wait for.
        if (!(written instanceof Promise)) return written;
        const before = keys.map(({ text }) => underWay.get(text));
        const durable = Promise.all([written, ...before]);
        for (const { text } of keys) underWay.set(text, durable);
        try {
          return (await durable)[0];
        } finally {
          for (const { text } of keys) if (underWay.get(text) === durable) underWay.delete(text);
        }
      } catch (error) {
        rows.forget();
        throw error;
      }
    },

    isUnderWay: ({ text }: StatusKey): boolean => underWay.has(text),

    /** Resolves once a status can no longer be lost. */
    async settled({ text }: StatusKey): Promise<void> {
      for (let pending = underWay.get(text); pending !== undefined; pending = underWay.get(text)) await pending.catch(() => {});
    },
  };
};
