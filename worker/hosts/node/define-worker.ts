import type { defineWorker as defineCloudflareWorker, WorkerSettings } from "../../define-worker.ts";

export { unauthenticated } from "../../identity/authenticate.ts";

/** What the module of a Worker exports by default where it is imported by Node. */
export type NodeWorker = ReturnType<typeof defineCloudflareWorker>["worker"] & { readonly settings: WorkerSettings };

/** Plays whatever only the runtime of Cloudflare calls. A function, since that can also be called by `new`. */
function refuse(): never {
  throw new Error("This module was loaded by Node. Run it with rejoinder serve, or in workerd with rejoinder start.");
}

/** `defineWorker` under Node, where the command reads the definition and runs it. */
export const defineWorker = ((settings: WorkerSettings) => ({
  worker: {
    settings,
    fetch: refuse,
  } satisfies NodeWorker,
  Mailbox: refuse as unknown as new () => object,
  Limits: refuse as unknown as new () => object,
  Views: refuse as unknown as new () => object,
})) satisfies typeof defineCloudflareWorker;
