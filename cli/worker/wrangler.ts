import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { workerConditions } from "./conditions.ts";
import { ExpectedError } from "../expected-error.ts";

/** What is read of wrangler.toml, with what an environment inherits in it. */
export type WranglerConfig = {
  readonly name?: string | undefined;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly kv_namespaces: readonly { readonly binding: string }[];
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
  readonly migrations: readonly { readonly new_sqlite_classes?: readonly string[] }[];
  readonly exports?: Readonly<Record<string, { readonly storage?: string }>>;
  readonly assets?: { readonly directory?: string } | undefined;
};

/** Reads wrangler.toml by wrangler's own reader. @throws ExpectedError with what wrangler says is wrong with it */
export const readWranglerConfig = async (root: string, environment: string | undefined): Promise<WranglerConfig> => {
  const { unstable_readConfig: readConfig } = (await import(pathToFileURL(resolveWrangler(root)).href)) as {
    unstable_readConfig(args: { config: string; env: string | undefined }, options: { hideWarnings: boolean }): WranglerConfig;
  };
  try {
    return readConfig({ config: join(root, "wrangler.toml"), env: environment }, { hideWarnings: true });
  } catch (error) {
    throw new ExpectedError(`wrangler cannot read ${join(root, "wrangler.toml")}:\n${(error as Error).message.trim()}`, { cause: error });
  }
};

export type WranglerRun = {
  readonly root: string;
  readonly args: readonly string[];
  /** What it reads on stdin. */
  readonly input?: string;
  /** Whether its output is shown as it comes. */
  readonly shown?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
};

/** Runs wrangler in the project, after saying how; resolves to how it ended and what it printed. @throws ExpectedError if it is not installed */
export const runWrangler = async ({ root, args, input = "", shown = true, variables = {} }: WranglerRun) => {
  console.log(`$ wrangler ${args.join(" ")}`);
  const child = spawn(process.execPath, [wranglerProgram(root), ...args], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_BUILD_CONDITIONS: workerConditions().join(","), ...variables },
  });
  // It may end before it has read all of it.
  child.stdin.on("error", () => {}).end(input);
  if (shown) {
    child.stdout.pipe(process.stdout, { end: false });
    child.stderr.pipe(process.stderr, { end: false });
  }
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, output, errors };
};

/** The program of the wrangler that the project has installed. @throws ExpectedError */
export const wranglerProgram = (root: string): string => join(resolveWrangler(root), "../../bin/wrangler.js");

const resolveWrangler = (root: string): string => {
  try {
    return createRequire(join(root, "package.json")).resolve("wrangler");
  } catch (cause) {
    throw new ExpectedError(`Expected wrangler to be installed in ${root}. Run: npm install --save-dev wrangler.`, { cause });
  }
};
