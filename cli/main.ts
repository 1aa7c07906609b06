import { type Command, UsageError } from "./command.ts";
import { build } from "./commands/build.ts";
import { cancel } from "./commands/cancel.ts";
import { consumer } from "./commands/consumer.ts";
import { deadLetters } from "./commands/dead-letters.ts";
import { deploy } from "./commands/deploy.ts";
import { dev } from "./commands/dev.ts";
import { doctor } from "./commands/doctor.ts";
import { gateway } from "./commands/gateway.ts";
import { keys } from "./commands/keys.ts";
import { send } from "./commands/send.ts";
import { serve } from "./commands/serve.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { subjects } from "./commands/subjects.ts";
import { views } from "./commands/views.ts";
import { webhooks } from "./commands/webhooks.ts";
import { worker, workerDev } from "./commands/worker.ts";
import { exitWith } from "./expected-error.ts";
import { nearestOf } from "./nearest.ts";
import { hideSqliteWarning } from "./sqlite-warning.ts";

const COMMANDS: readonly Command[] = [
  dev,
  start,
  serve,
  gateway,
  consumer,
  build,
  send,
  status,
  cancel,
  deadLetters,
  keys,
  subjects,
  views,
  webhooks,
  doctor,
  deploy,
];
/** What `start` and `dev` run beside the others; nobody calls it by hand. */
const PARTS: readonly Command[] = [worker, workerDev];

const NAME_WIDTH = 14;

const USAGE = `rejoinder CALL …

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`).join("\n")}
  ${"help".padEnd(NAME_WIDTH)}Shows how to use a call: rejoinder help CALL

Each runs the project in this folder: the nearest one, from here upwards, with a wrangler.toml.`;

/** Exit code of a call that cannot be understood, as most shells have it. */
const USAGE_EXIT_CODE = 2;

/** Runs the command with these arguments, and ends the process unless the call goes on by itself. */
export const main = async ([name = "help", ...args]: readonly string[]): Promise<void> => {
  hideSqliteWarning(process);
  // npm hands SIGTERM to the shell that it runs a script in, and that shell ends without a word to the script.
  if (process.env["npm_lifecycle_event"] !== undefined) process.env["EXIT_WITH_PARENT"] ??= "1";
  try {
    if (["help", "--help", "-h"].includes(name)) return exit(help(args[0]));
    if (args.some((argument) => argument === "--help" || argument === "-h")) return exit(help(name));
    const code = await commandOf(name).run(args);
    if (code !== undefined) process.exit(code);
  } catch (error) {
    if (!(error instanceof UsageError)) exitWith(error);
    console.error(`${(error as UsageError).message}\nSee: rejoinder help${isCommand(name) ? ` ${name}` : ""}`);
    process.exit(USAGE_EXIT_CODE);
  }
};

const exit = (text: string): never => {
  console.log(text);
  process.exit(0);
};

const help = (name: string | undefined): string => (name === undefined ? USAGE : commandOf(name).usage);

const isCommand = (name: string): boolean => COMMANDS.some((command) => command.name === name);

const commandOf = (name: string): Command => {
  const found = [...COMMANDS, ...PARTS].find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const nearest = nearestOf(name, names);
  throw new UsageError(`There is no call ${JSON.stringify(name)}. Expected ${(nearest.length > 0 ? nearest : names).join(" or ")}.`);
};
