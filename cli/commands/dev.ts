import type { Command } from "../command.ts";
import { runStart, START_USAGE } from "./run-start.ts";

export const dev: Command = {
  name: "dev",
  summary: "Runs the project on this machine, and reloads what you change.",
  usage: `rejoinder dev [--node] [--kafka | --direct]

Runs gateway, Worker and consumer on this machine until Ctrl-C. A change of the Worker's code is loaded by wrangler dev, or with
--node starts it again, as a change of the consumer's does.
${START_USAGE}`,
  run: (args) => runStart(args, { worker: "worker-dev", watch: true }),
};
