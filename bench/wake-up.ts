import { spreadOf } from "./result.ts";
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { createSha256Hmac } from "../consumer/sinks/worker-signature.ts";
import { createReplyEvent, REPLY_BATCH_CONTENT_TYPE } from "../protocol/reply-event.ts";
import { readWebhookSecret, signWebhook } from "../protocol/webhook-signature.ts";
import { connect, type Connection, type Target } from "./load.ts";
import type { Stack } from "./processes.ts";
import { createTargets } from "./requests.ts";

/**
 * Medians in milliseconds: from sending `POST /replies` until the answer to a waiting GET is complete; one `GET /status` of a finished request
 * (Worker, Mailbox, row); and the difference, which is delivering and waking.
 */
export type WakeUp = { readonly replyToAnswerMs: number; readonly readMs: number; readonly wakeUpMs: number };

/** Long enough for a request to have reached what it waits at. */
const SETTLE_MS = 15;

/** Has a request wait, sends what wakes it, and takes the time from there to its whole answer. @throws Error if the answer lacks a text */
export const timeWakeUp = async (
  [waiter, waker]: readonly [Connection, Connection],
  [waits, wakes]: readonly [Target, readonly Target[]],
  text: string,
): Promise<number> => {
  const waiting = waiter.ask(waits).then(({ body }) => ({ body, answered: performance.now() }));
  await wait(SETTLE_MS);
  const sent = performance.now();
  const [{ answered, body }] = await Promise.all([waiting, timeRequests(waker, wakes)]);
  if (!body.includes(text)) throw new Error(`Expected what waited to be answered with ${text}, got ${body}`);
  return answered - sent;
};

/** How many milliseconds some requests take, one after another. */
export const timeRequests = async (connection: Connection, targets: readonly Target[]): Promise<number> => {
  const sent = performance.now();
  for (const target of targets) await connection.send(target);
  return performance.now() - sent;
};

/** Plays the consumer of a stack that has none: accepts requests, waits for one after another and delivers its reply. */
export const measureWakeUp = async (stack: Stack, samples: number): Promise<WakeUp> => {
  const origin = stack.workerUrl;
  const { accept } = createTargets(stack);
  await using caller = connect(origin);
  await using consumer = connect(origin);
  const [replyToAnswer, read]: [number[], number[]] = [[], []];
  while (read.length < samples) {
    const { correlationId } = JSON.parse((await caller.ask(accept)).body) as { readonly correlationId: string };
    const status: Target = { origin, method: "GET", path: `/status/${correlationId}`, status: 200 };
    const waits = { ...status, headers: { prefer: "wait=10" } };
    const replies = await createReplies(stack, correlationId);
    replyToAnswer.push(await timeWakeUp([caller, consumer], [waits, [replies]], '"state":"succeeded"'));
    read.push(await timeRequests(caller, [status]));
  }
  const [replyToAnswerMs, readMs] = [spreadOf(replyToAnswer).median, spreadOf(read).median];
  return { replyToAnswerMs, readMs, wakeUpMs: replyToAnswerMs - readMs };
};

const createReplies = async ({ workerUrl: origin, replySecret }: Stack, correlationId: string): Promise<Target> => {
  const secret = readWebhookSecret(replySecret);
  if (secret === undefined) throw new TypeError("Expected the reply secret to be a whsec_ secret");
  const [id, time] = [randomUUID(), Date.now()];
  const common = { id, correlationId, operation: "echo", source: "/bench", time };
  const body = JSON.stringify([createReplyEvent({ ...common, state: "succeeded", data: { hello: "world" } })]);
  const message = { id, timestampSeconds: Math.floor(time / 1_000), body: Buffer.from(body) };
  const headers = { ...(await signWebhook(createSha256Hmac(secret), message)), "content-type": REPLY_BATCH_CONTENT_TYPE };
  return { origin, method: "POST", path: "/replies", headers, body, status: 200 };
};
