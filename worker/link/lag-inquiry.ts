import { systemTime, type Time } from "../../environment/time.ts";
import type { LagFrame, MailboxFrame, PartitionLag } from "../../protocol/link.ts";
import type { LinkSocket } from "./link-endpoint.ts";

type Asked = Pick<LinkSocket, "consumer" | "send">;

/** Asks consumers over their links how far they are behind. */
export type LagInquiry = {
  /** What each has answered, in their order; undefined of one that does not read the question, or does not answer in time. Never rejects. */
  ask(sockets: readonly Asked[]): Promise<readonly (readonly PartitionLag[] | undefined)[]>;
  /** Takes the answer of the consumer at a socket. One that comes too late is dropped. */
  answered(socket: Pick<LinkSocket, "consumer">, frame: LagFrame): void;
};

/** Somebody looks at a page meanwhile. */
const PATIENCE_MS = 1_000;

export const createLagInquiry = (time: Time = systemTime): LagInquiry => {
  let asks = 0;
  const waiting = new Map<number, { readonly instance: string; readonly resolve: (partitions: readonly PartitionLag[]) => void }>();

  return {
    async ask(sockets) {
      const answers: (readonly PartitionLag[] | undefined)[] = sockets.map(() => undefined);
      const ours: number[] = [];
      const late = Promise.withResolvers<void>();
      const all = sockets.map(({ consumer, send }, index) => {
        if (consumer?.takesLag !== true) return undefined;
        const ask = asks++;
        ours.push(ask);
        send(JSON.stringify({ type: "lag", ask } satisfies MailboxFrame));
        return new Promise<void>((resolve) =>
          waiting.set(ask, {
            instance: consumer.instance,
            resolve(partitions) {
              answers[index] = partitions;
              resolve();
            },
          }),
        );
      });
      if (ours.length === 0) return answers;
      const timer = time.setTimeout(late.resolve, PATIENCE_MS);
      await Promise.race([Promise.all(all), late.promise]);
      time.clearTimeout(timer);
      for (const ask of ours) waiting.delete(ask);
      return answers;
    },

    answered({ consumer }, { ask, partitions }) {
      const asked = waiting.get(ask);
      if (asked?.instance === consumer?.instance) asked?.resolve(partitions);
    },
  };
};
