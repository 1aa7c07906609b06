import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "undici";
import { createSha256Hmac } from "../../consumer/sinks/worker.ts";
import { createReplyEvent, REPLY_BATCH_CONTENT_TYPE } from "../../protocol/reply-event.ts";
import { readWebhookSecret, signWebhook } from "../../protocol/webhook-signature.ts";
import { exchange, type Target } from "../load.ts";
import { spreadOf } from "../spread.ts";
import type { BenchStack } from "./stack.ts";

/** Medians in microseconds. */
export type WakeUp = {
  /** From sending `POST /replies` until the answer to a waiting GET is complete. */
  readonly replyToAnswerUs: number;
  /** One `GET /status` of a finished request: Worker, Mailbox, row. */
  readonly readUs: number;
  /** What is left of the first without the second: delivering and waking. */
  readonly wakeUpUs: number;
};

/** Long enough for a GET to have reached the Mailbox and wait there. */
const SETTLE_MS = 15;
const SUCCEEDED = '"state":"succeeded"';

/** Plays the consumer, which must not run: accepts requests, waits for one after another and delivers its reply. */
export const measureWakeUp = async (stack: BenchStack, accept: Target, samples: number): Promise<WakeUp> => {
  const caller = new Client(stack.workerUrl);
  const consumer = new Client(stack.workerUrl);
  const sign = createSigner(stack.replySecret);
  const replyToAnswer: number[] = [];
  const read: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      const accepted = await exchange(caller, accept, { keepBody: true });
      const { correlationId } = JSON.parse(accepted.body) as { correlationId: string };
      const status: Target = { origin: stack.workerUrl, method: "GET", path: `/status/${correlationId}`, status: 200 };
      const replies = await sign(correlationId);
      const waiting = exchange(caller, { ...status, headers: { prefer: "wait=10" } }, { keepBody: true }).then(({ body }) => ({
        body,
        answered: performance.now(),
      }));
      await wait(SETTLE_MS);
      const sent = performance.now();
      const [{ answered, body }] = await Promise.all([waiting, exchange(consumer, { ...replies, origin: stack.workerUrl })]);
      if (!body.includes(SUCCEEDED)) throw new Error(`Expected the waiting GET to be answered with the reply, got ${body}`);
      replyToAnswer.push((answered - sent) * 1_000);
      const began = performance.now();
      await exchange(caller, status);
      read.push((performance.now() - began) * 1_000);
    }
  } finally {
    await Promise.all([caller.destroy(), consumer.destroy()]);
  }
  const replyToAnswerUs = spreadOf(replyToAnswer).median;
  const readUs = spreadOf(read).median;
  return { replyToAnswerUs, readUs, wakeUpUs: replyToAnswerUs - readUs };
};

const createSigner = (secret: string) => {
  const bytes = readWebhookSecret(secret);
  if (bytes === undefined) throw new TypeError("Expected the reply secret to be a whsec_ secret");
  const hmac = createSha256Hmac(bytes);
  return async (correlationId: string): Promise<Omit<Target, "origin">> => {
    const id = randomUUID();
    const reply = {
      id,
      correlationId,
      operation: "echo",
      state: "succeeded",
      source: "/bench",
      time: Date.now(),
      data: { hello: "world" },
    } as const;
    const body = JSON.stringify([createReplyEvent(reply)]);
    const signed = await signWebhook(hmac, {
      id,
      timestampSeconds: Math.floor(Date.now() / 1_000),
      body: Buffer.from(body),
    });
    return { method: "POST", path: "/replies", headers: { ...signed, "content-type": REPLY_BATCH_CONTENT_TYPE }, body, status: 200 };
  };
};
