#!/usr/bin/env node

// create/main.ts
import { join as join2, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";

// create/project.ts
import { cp, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
var FolderError = class extends Error {
  name = "FolderError";
};
var GITIGNORE = { packed: "_gitignore", made: ".gitignore" };
var createProject = async (folder, template) => {
  await expectEmpty(folder);
  await mkdir(folder, { recursive: true });
  await cp(template, folder, { recursive: true });
  await rename(join(folder, GITIGNORE.packed), join(folder, GITIGNORE.made));
  const manifest = join(folder, "package.json");
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, text.replace('"name": "my-app"', `"name": ${JSON.stringify(packageNameOf(folder))}`));
};
var MAY_BE_THERE = /* @__PURE__ */ new Set([".git"]);
var expectEmpty = async (folder) => {
  let names;
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code, message } = error;
    if (code === "ENOENT") return;
    if (code === "ENOTDIR") throw new FolderError(`Expected a folder, got the file ${folder}. Name another one.`);
    throw new FolderError(`${folder} cannot be read: ${message}. Name another one.`);
  }
  const there = names.filter((name) => !MAY_BE_THERE.has(name));
  if (there.length === 0) return;
  const others = there.length === 1 ? "" : ` and ${there.length - 1} more`;
  throw new FolderError(`Expected ${folder} to be empty, got ${there[0]}${others} in it. Name another folder, or empty this one.`);
};
var packageNameOf = (folder) => basename(folder).toLowerCase().replace(/[^a-z0-9._-]+/g, "-").replace(/^[._-]+/, "").slice(0, 214) || "my-app";

// create/main.ts
var USAGE = `npm create rejoinder [FOLDER] [-- --yes]

Makes a project in FOLDER: a contract, its handlers, a Worker, a test. Asks for the folder if none is named; with --yes it is my-app.`;
var DEFAULT_FOLDER = "my-app";
var UsageError = class extends Error {
};
var readArguments = (args) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { yes: { type: "boolean", short: "y" }, help: { type: "boolean", short: "h" } }
    });
  } catch (error) {
    throw new UsageError(error.message.split(". ")[0]);
  }
};
var askForFolder = async () => {
  if (!process.stdin.isTTY) throw new UsageError("Expected a folder for the project, such as my-app, since nobody can be asked here.");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`Folder of the project (${DEFAULT_FOLDER}): `)).trim() || DEFAULT_FOLDER;
  } finally {
    terminal.close();
  }
};
var packageManager = () => /^(pnpm|yarn|bun)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";
var nextSteps = (folder) => {
  const manager = packageManager();
  const path = relative("", folder);
  return `
Made ${folder}

  app/contract.ts   what callers may ask, and what they get
  app/consumer.ts   the handlers that answer

Next:
${path === "" ? "" : `  cd ${path}
`}  ${manager} install
  ${manager} run dev
`;
};
var main = async () => {
  const { values, positionals } = readArguments(process.argv.slice(2));
  if (values.help === true) return console.log(USAGE);
  if (positionals.length > 1) throw new UsageError(`Expected one folder, got ${positionals.join(" ")}.`);
  const folder = resolve(positionals[0] ?? (values.yes === true ? DEFAULT_FOLDER : await askForFolder()));
  await createProject(folder, join2(import.meta.dirname, "template"));
  console.log(nextSteps(folder));
};
try {
  await main();
} catch (error) {
  if (!(error instanceof FolderError || error instanceof UsageError)) throw error;
  console.error(error instanceof UsageError ? `${error.message}

${USAGE}` : error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
