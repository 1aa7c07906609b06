import type { Contract } from "../../../contract/contract.ts";
import type { defineWorker as defineCloudflareWorker } from "../../define-worker.ts";

/** What a project's Worker is, for a host that runs it. */
export type WorkerSettings = { readonly contract: Contract };

/** What the module of a Worker exports by default where it is imported by Node. */
export type NodeWorker = ReturnType<typeof defineCloudflareWorker>["worker"] & { readonly settings: WorkerSettings };

const HOW_TO_RUN = "This module was loaded by Node. Run it with rejoinder serve, or in workerd with rejoinder start.";

/** `defineWorker` under Node, where the command reads the definition and runs it. */
export const defineWorker = ((settings: WorkerSettings) => ({
  worker: {
    settings,
    fetch(): never {
      throw new Error(HOW_TO_RUN);
    },
  } satisfies NodeWorker,
  Mailbox: class Mailbox {
    constructor() {
      throw new Error(HOW_TO_RUN);
    }
  },
})) satisfies typeof defineCloudflareWorker;
