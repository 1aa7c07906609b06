import { setTimeout as wait } from "node:timers/promises";
import { Client } from "undici";
import type { Removable } from "../lifetime.ts";
import { exchange, type Target } from "../load.ts";

const PENDING = 202;
/** The longest that the Worker lets a caller wait; then each asks again. */
const WAIT_SECONDS = 25;
/** Long enough for the last of them to have reached the Mailbox and wait there. */
const SETTLE_MS = 1_000;

/** Callers who wait for replies that never come, each on a connection of its own. */
export const startCrowd = async (accept: Target, count: number): Promise<Removable> => {
  const { origin } = accept;
  const clients = Array.from({ length: count }, () => new Client(origin, { pipelining: 1 }));
  const over = new AbortController();

  const accepted = await Promise.all(
    clients.map(async (client) => {
      const { body } = await exchange(client, accept, { keepBody: true });
      return { client, correlationId: (JSON.parse(body) as { correlationId: string }).correlationId };
    }),
  );
  const waiting = Promise.all(
    accepted.map(async ({ client, correlationId }) => {
      const path = `/status/${correlationId}`;
      const status: Target = { origin, method: "GET", path, headers: { prefer: `wait=${WAIT_SECONDS}` }, status: PENDING };
      while (!over.signal.aborted) await exchange(client, status);
    }),
  ).catch((error: unknown) => {
    // Cut off, as a last answer is not waited for.
    if (!over.signal.aborted) throw error;
  });
  // Of one who fails, remove() tells.
  waiting.catch(() => {});
  await wait(SETTLE_MS);
  return {
    async remove() {
      over.abort();
      await Promise.all(clients.map((client) => client.destroy()));
      await waiting;
    },
  };
};
