import type { Command } from "../command.ts";

export const worker: Command = {
  name: "worker",
  summary: "Runs the Worker in workerd, as a part of start.",
  usage: "rejoinder worker is a part of rejoinder start.",
  async run() {
    const { runWorker } = await import("../worker/run-worker.ts");
    await runWorker();
    return 0;
  },
};

export const workerDev: Command = {
  name: "worker-dev",
  summary: "Runs the Worker in wrangler dev, as a part of dev.",
  usage: "rejoinder worker-dev is a part of rejoinder dev.",
  async run() {
    const { runWorkerDev } = await import("../worker/run-worker-dev.ts");
    return runWorkerDev();
  },
};
