import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";
import { linkHandshake, linkPath, readMailboxFrame } from "../protocol/link.ts";
import { createReplyEvent } from "../protocol/reply-event.ts";
import { readWebhookSecret, signWebhook } from "../protocol/webhook-signature.ts";
import { connect, type Connection, type Target } from "./load.ts";
import type { Stack } from "./processes.ts";
import { createTargets } from "./requests.ts";
import { spreadOf } from "./result.ts";

/** Long enough for a request to have reached what it waits at. */
const SETTLE_MS = 15;

/** Has a request wait, does what wakes it, and takes the time from there to its whole answer. @throws Error if the answer lacks a text */
export const timeWakeUp = async (waiter: Connection, waits: Target, wake: () => Promise<unknown>, text: string): Promise<number> => {
  const waiting = waiter.ask(waits).then(({ body }) => ({ body, answered: performance.now() }));
  await wait(SETTLE_MS);
  const sent = performance.now();
  const [{ answered, body }] = await Promise.all([waiting, wake()]);
  if (!body.includes(text)) throw new Error(`Expected what waited to be answered with ${text}, got ${body}`);
  return answered - sent;
};

/** How many milliseconds some requests take, one after another. */
export const timeRequests = async (connection: Connection, targets: readonly Target[]): Promise<number> => {
  const sent = performance.now();
  for (const target of targets) await connection.send(target);
  return performance.now() - sent;
};

/**
 * How many milliseconds delivering a reply and waking take: from sending the frame of a reply until the answer to a waiting GET is complete,
 * without what one `GET /status` of a finished request takes (Worker, Mailbox, row); of each the median. Plays the consumer of a stack that has
 * none: accepts requests, waits for one after another and delivers its reply over a link.
 */
export const measureWakeUp = async (stack: Stack, samples: number): Promise<number> => {
  const origin = stack.workerUrl;
  const { accept } = createTargets(stack);
  await using caller = connect(origin);
  await using link = await openLink(stack);
  const [replyToAnswer, read]: [number[], number[]] = [[], []];
  while (read.length < samples) {
    const { correlationId } = JSON.parse((await caller.ask(accept)).body) as { readonly correlationId: string };
    const status: Target = { origin, method: "GET", path: `/status/${correlationId}`, status: 200 };
    const waits = { ...status, headers: { prefer: "wait=10" } };
    replyToAnswer.push(await timeWakeUp(caller, waits, () => link.deliver(correlationId), '"state":"succeeded"'));
    read.push(await timeRequests(caller, [status]));
  }
  return spreadOf(replyToAnswer).median - spreadOf(read).median;
};

/** A link to the only shard of a stack, as a consumer of `echo` has it. @throws Error if it cannot be opened */
const openLink = async ({ workerUrl, replySecret }: Stack) => {
  const secret = readWebhookSecret(replySecret);
  if (secret === undefined) throw new TypeError("Expected the reply secret to be a whsec_ secret");
  const hmac = (content: Uint8Array): Uint8Array => createHmac("sha256", secret).update(content).digest();
  const handshake = { id: randomUUID(), timestampSeconds: Math.floor(Date.now() / 1_000), body: linkHandshake(0) };
  const socket = new WebSocket(workerUrl.replace("http", "ws") + linkPath(0), { headers: { ...(await signWebhook(hmac, handshake)) } });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "hello", instance: "bench", version: "bench", operations: ["echo"] }));
  let batch = 0;
  return {
    /** Resolves once it is stored. */
    async deliver(correlationId: string): Promise<void> {
      const common = { id: randomUUID(), correlationId, operation: "echo", source: "/bench", time: Date.now() };
      const replies = [createReplyEvent({ ...common, state: "succeeded", data: { hello: "world" } })];
      const answered = once(socket, "message") as Promise<[Buffer]>;
      socket.send(JSON.stringify({ type: "replies", batch: batch++, replies }));
      const frame = readMailboxFrame(String((await answered)[0]));
      if (frame.type !== "results" || frame.outcomes[0] !== "stored")
        throw new Error(`Expected the reply to be stored, got ${JSON.stringify(frame)}`);
    },
    [Symbol.asyncDispose]: async () => socket.terminate(),
  };
};
