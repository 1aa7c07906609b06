import { setTimeout as delay } from "node:timers/promises";
import { type Handlers, RetryableError } from "../../consumer/handler.ts";
import type { contract } from "../../test/project/app/contract.ts";

type Own = Partial<Handlers<typeof contract>>;

/** How the lives of requests are measured, by what is asked of the consumer. */
export const LIVES = {
  /** Says the machine's time, which all its processes share, in milliseconds, as how far it is. */
  progress: {
    async countdown({ everyMs }, { progress }) {
      await delay(everyMs);
      await progress({ percent: Number(process.hrtime.bigint()) / 1e6 });
      await delay(everyMs);
      return { counted: 1 };
    },
  },
  /** One account's reports never succeed. */
  retries: {
    report({ account }) {
      if (account === STUCK) throw new RetryableError("STUCK", "It is measured what that does to others.");
      return { account, total: 0, months: [] };
    },
  },
  /** Each sum is a step of its own. */
  once: { sum: ({ a, b }, { once }) => once("sum", () => ({ sum: a + b })) },
} as const satisfies Readonly<Record<string, Own>>;

export type Life = keyof typeof LIVES;

/** The account whose reports fail. */
export const STUCK = "stuck";
