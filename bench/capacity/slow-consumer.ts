import { setTimeout as delay } from "node:timers/promises";
import type { HandlerContext } from "../../consumer/handler.ts";
import { runConsumer } from "../../consumer/run-consumer.ts";
import definition from "../../test/project/app/consumer.ts";

/** The consumer of `npm start`, but a sum takes as many milliseconds as the only argument says, and no processor. */
if (import.meta.main) {
  const sum = async ({ a, b }: { readonly a: number; readonly b: number }, { signal }: HandlerContext) => {
    await delay(Number(process.argv[2]), undefined, { signal });
    return { sum: a + b };
  };
  await runConsumer({ contract: definition.contract, handlers: { ...definition.handlers, sum } }, process.env);
}
