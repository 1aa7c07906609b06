import { defineContract, operation } from "@rejoinder/sdk/contract";
import * as z from "zod";

/** What becomes of a request, as its handler is told. */
export const KINDS = ["plain", "flaky", "failing", "stubborn", "held", "pausing"] as const;

const data = { key: z.string(), index: z.int(), kind: z.enum(KINDS) };
const reply = z.strictObject({ index: z.int(), token: z.string() });
const time = { deadlineSeconds: 600, retentionSeconds: 3_600 };

/** Operations whose handlers note what they do. */
export const lifeContract = (topic: string) =>
  defineContract({
    /** In the order of its key, with a step that is done once. */
    work: operation({
      request: z.strictObject(data),
      reply,
      topic,
      ...time,
      orderingKey: ({ key }) => key,
      retry: { attempts: 3, firstSeconds: 0.2, maxSeconds: 0.5 },
    }),
    /** Gives numbers from zero, before it replies. */
    pieces: operation({
      request: z.strictObject({ ...data, count: z.int() }),
      reply,
      chunk: z.int(),
      topic,
      ...time,
    }),
    /** Fails at first, and waits for its second attempt in the retry topic. */
    later: operation({ request: z.strictObject(data), reply, topic, ...time, retry: { attempts: 2, order: "give-up" } }),
  });
