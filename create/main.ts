#!/usr/bin/env node
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { createProject, FolderError } from "./project.ts";

const USAGE = `npm create rejoinder [FOLDER] [-- --yes]

Makes a project in FOLDER: a contract, its handlers, a Worker, a test. Asks for the folder if none is named; with --yes it is my-app.`;

const DEFAULT_FOLDER = "my-app";

/** A call that cannot be understood. */
class UsageError extends Error {}

const readArguments = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { yes: { type: "boolean", short: "y" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split(". ")[0]);
  }
};

const askForFolder = async (): Promise<string> => {
  if (!process.stdin.isTTY) throw new UsageError("Expected a folder for the project, such as my-app, since nobody can be asked here.");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`Folder of the project (${DEFAULT_FOLDER}): `)).trim() || DEFAULT_FOLDER;
  } finally {
    terminal.close();
  }
};

/** npm, or whoever else runs this. */
const packageManager = (): string => /^(pnpm|yarn|bun)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";

const nextSteps = (folder: string): string => {
  const manager = packageManager();
  const path = relative("", folder);
  return `
Made ${folder}

  app/contract.ts   what callers may ask, and what they get
  app/consumer.ts   the handlers that answer

Next:
${path === "" ? "" : `  cd ${path}\n`}  ${manager} install
  ${manager} run dev
`;
};

const main = async (): Promise<void> => {
  const { values, positionals } = readArguments(process.argv.slice(2));
  if (values.help === true) return console.log(USAGE);
  if (positionals.length > 1) throw new UsageError(`Expected one folder, got ${positionals.join(" ")}.`);
  const folder = resolve(positionals[0] ?? (values.yes === true ? DEFAULT_FOLDER : await askForFolder()));
  await createProject(folder, join(import.meta.dirname, "template"));
  console.log(nextSteps(folder));
};

try {
  await main();
} catch (error) {
  if (!(error instanceof FolderError || error instanceof UsageError)) throw error;
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
