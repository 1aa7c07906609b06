import { relative } from "node:path";
import { type Command, readArguments } from "../command.ts";

export const build: Command = {
  name: "build",
  summary: "Copies the console to the folder of the Worker's assets.",
  usage: `rejoinder build

Copies the built console to .rejoinder/console of the project. wrangler runs it before dev and deploy: [build] command of wrangler.toml.`,
  async run(args) {
    readArguments(args, {});
    const [{ copyConsole }, { expectProjectRoot }] = await Promise.all([import("../worker/console-files.ts"), import("../project.ts")]);
    console.log(`console in ${relative(process.cwd(), await copyConsole(expectProjectRoot()))}`);
    return 0;
  },
};
