import type { Message } from "@upstash/kafka";
import type { RequestCount } from "./request-count.ts";
import type { KafkaRest } from "./kafka-rest.ts";
import type { Retry } from "./retry.ts";

/** A consumer instance on the server. It is replaced when one of its answers may have been lost. */
type RestInstance = {
  /** The next records, or none after the timeout; tries until there is an answer or the signal aborts. */
  consume(timeoutMs: number, signal: AbortSignal): Promise<Message[]>;
};

type RestInstanceOptions = { readonly rest: KafkaRest; readonly consumes: RequestCount; readonly retry: Retry };

/**
 * The server's position moves with each answer, whether it arrives or not. A consume that failed on its way, or that the client
 * silently repeated, may thus have lost records: the instance is ended, and the next consume begins a new one at what is committed.
 * The first consume does so too: what an earlier life of this instance was given and did not commit comes again.
 */
export const createRestInstance = ({ rest, consumes, retry }: RestInstanceOptions): RestInstance => {
  let doubtful = true;

  const consumeOnce = async (timeoutMs: number): Promise<Message[]> => {
    const before = consumes.count;
    const { answer, whole } = rest.consume(timeoutMs);
    try {
      const messages = await answer;
      if (consumes.count !== before + 1) doubtful = true;
      return messages;
    } catch (error) {
      doubtful = true;
      // The client may go on repeating it, and what that is given reaches nobody.
      whole.then(
        () => (doubtful = true),
        () => undefined,
      );
      throw error;
    }
  };

  const attempt = async (timeoutMs: number): Promise<Message[]> => {
    if (doubtful) {
      await rest.deleteConsumer();
      doubtful = false;
    }
    return consumeOnce(timeoutMs);
  };

  return { consume: async (timeoutMs, signal) => (await retry("consume", () => attempt(timeoutMs), signal)) ?? [] };
};
