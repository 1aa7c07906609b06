// The application that is measured, as a program for each of its parts, which loads nothing that the part itself does not.
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../cli/start/forked-part.ts";
import type { HandlerContext } from "../consumer/handler.ts";
import { PLANS } from "./costs/counted/plans.ts";
import { contractOn } from "./contract.ts";
import { exitWhenTold } from "./exit-when-told.ts";
import type { Life } from "./life/handlers.ts";

/**
 * How `rejoinder worker`, `rejoinder serve` and `rejoinder consumer` run it.
 * @param handlerMs how much longer a sum takes than it takes
 * @param life which other handlers it has
 */
export const partOf = (part: keyof typeof PARTS, topic: string, handlerMs = 0, life?: Life): Program => ({
  file: import.meta.filename,
  args: [part, topic, String(handlerMs), ...(life === undefined ? [] : [life])],
});

const DRAIN_MS = 2_000;

const PARTS = {
  async worker(topic: string) {
    const [{ bundleForWorkerd }, { runWorker }] = await Promise.all([
      import("../cli/worker/bundle.ts"),
      import("../cli/worker/run-worker.ts"),
    ]);
    await runWorker(() => bundleForWorkerd({ resolveDir: import.meta.dirname, contents: workerOn(topic) }));
    process.exit(0);
  },

  async serve(topic: string) {
    const [{ createLog }, { readServeConfig }, { openServedWorker }] = await Promise.all([
      import("../environment/log.ts"),
      import("../cli/serve/config.ts"),
      import("../cli/serve/served-worker.ts"),
    ]);
    const contract = contractOn(topic);
    const config = readServeConfig(process.env, { contract });
    const { url, drain } = await openServedWorker({ contract, plans: PLANS }, config, createLog(config.process));
    exitWhenTold(() => drain(DRAIN_MS));
    process.send?.({ type: "ready", url });
  },

  async consumer(topic: string, handlerMs: number, life?: Life) {
    const [{ runConsumer }, { default: definition }, { LIVES }] = await Promise.all([
      import("../consumer/run-consumer.ts"),
      import("../test/project/app/consumer.ts"),
      import("./life/handlers.ts"),
    ]);
    const handlers = { ...definition.handlers, ...(life && LIVES[life]) };
    const slowSum = async (request: { readonly a: number; readonly b: number }, context: HandlerContext) => {
      await delay(handlerMs, undefined, { signal: context.signal });
      return { sum: request.a + request.b };
    };
    await runConsumer({ contract: contractOn(topic), handlers: handlerMs > 0 ? { ...handlers, sum: slowSum } : handlers }, process.env);
  },
};

const workerOn = (topic: string): string => `
  import { defineWorker } from "../worker/define-worker.ts";
  import { contractOn } from "./contract.ts";
  import { PLANS as plans } from "./costs/counted/plans.ts";
  const { worker, Mailbox, Limits } = defineWorker({ contract: contractOn(${JSON.stringify(topic)}), plans });
  export { worker as default, worker as Local, Limits, Mailbox };`;

if (import.meta.main) {
  const [part, topic = "", handlerMs, life] = process.argv.slice(2) as [keyof typeof PARTS, string?, string?, Life?];
  await PARTS[part](topic, Number(handlerMs), life);
}
