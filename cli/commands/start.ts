import type { Command } from "../command.ts";
import { runStart, START_USAGE } from "./run-start.ts";

export const start: Command = {
  name: "start",
  summary: "Runs the project on this machine, faster and without watching.",
  usage: `rejoinder start [--node] [--kafka | --direct]

Runs gateway, Worker and consumer on this machine until Ctrl-C, and starts again what dies.
${START_USAGE}`,
  run: (args) => runStart(args, { worker: "worker" }),
};
