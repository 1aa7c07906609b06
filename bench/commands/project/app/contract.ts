import { aggregate, defineContract, operation, view } from "@rejoinder/sdk/contract";
import * as z from "zod";

const by = z.int().positive();
const counterId = z.string().min(1);

/** What all that is compared counts: an event adds a number. */
export const counter = aggregate({
  events: { incremented: z.strictObject({ by }) },
  commands: {
    increment: operation({ request: z.strictObject({ counter: counterId, by }), reply: z.strictObject({ count: z.int() }) }),
    /** So many events in one commit. */
    repeat: operation({
      request: z.strictObject({ counter: counterId, by, times: z.int().min(1).max(1_000) }),
      reply: z.strictObject({ count: z.int() }),
    }),
  },
  id: ({ counter }) => counter,
});

/** The version that the bench fills beside another one. */
const version = Number(process.env["BENCH_VIEW_VERSION"] ?? 1);

export const counts = view({ from: counter, version, row: z.strictObject({ count: z.int(), version: z.int() }) });

export const contract = defineContract({ counter, counts });
