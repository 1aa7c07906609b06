import { setTimeout as wait } from "node:timers/promises";
import { Client } from "undici";
import { type Calls, exchange, type Target } from "../../load.ts";

/** How often one asks for a reply. */
export const POLL_MS = 250;
const DEADLINE_MS = 30_000;

const [ACCEPTED, REPLIED] = [202, 200];

/**
 * Sends the request, and asks for its reply until it is there. The first time it asks is after the first pause.
 * @throws Error if what comes is not the reply that is expected, or nothing does.
 */
export const createPollingCalls = (request: Target, expectedReply: string): Calls => ({
  async open() {
    const client = new Client(request.origin, { pipelining: 1 });
    return {
      async call() {
        const accepted = await exchange(client, request, { keepBody: true });
        const { id } = JSON.parse(accepted.body) as { id: string };
        const status: Target = { origin: request.origin, method: "GET", path: `/status/${id}`, status: [ACCEPTED, REPLIED] };
        let answer = accepted;
        for (let waitedMs = 0; answer.status === ACCEPTED; waitedMs += POLL_MS) {
          if (waitedMs > DEADLINE_MS) throw new Error(`Expected a reply within ${DEADLINE_MS / 1_000} s, got none`);
          await wait(POLL_MS);
          answer = await exchange(client, status, { keepBody: true });
        }
        if (answer.body !== expectedReply) throw new Error(`Expected the reply ${expectedReply}, got ${answer.body}`);
      },
      close: () => client.destroy(),
    };
  },
});
