import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ExpectedError } from "./expected-error.ts";
import type { Contract } from "../contract/contract.ts";
import type { ConsumerDefinition } from "../consumer/define-consumer.ts";
import type { WorkerSettings } from "../worker/define-worker.ts";
import type { NodeWorker } from "../worker/hosts/node/define-worker.ts";

/** An application: a folder with `wrangler.toml` and `app/consumer.ts`. */
export type Project = {
  /** Absolute, as are all paths here. */
  readonly root: string;
  /** The module that `main` of wrangler.toml names. */
  readonly workerEntry: string;
  /** Of wrangler.toml, YYYY-MM-DD. */
  readonly compatibilityDate: string;
  /** Of wrangler.toml. */
  readonly compatibilityFlags: readonly string[];
};

/** There is no project, or something of it is missing. The message says what to do. */
export class ProjectError extends ExpectedError {
  override readonly name = "ProjectError";
}

const WRANGLER_FILE = "wrangler.toml";
const CONSUMER_FILE = "app/consumer.ts";

/** The nearest folder with a wrangler.toml, from `from` upwards; undefined if there is none. */
export const findProjectRoot = (from: string = process.cwd()): string | undefined => {
  const folder = resolve(from);
  if (existsSync(join(folder, WRANGLER_FILE))) return folder;
  return dirname(folder) === folder ? undefined : findProjectRoot(dirname(folder));
};

/** The same. @throws ProjectError if there is none */
export const expectProjectRoot = (from: string = process.cwd()): string => {
  const root = findProjectRoot(from);
  if (root !== undefined) return root;
  throw new ProjectError(`Expected a ${WRANGLER_FILE} in ${from} or above. Go to your project, or make one: npm create rejoinder my-app.`);
};

/**
 * Reads the nearest project. Three lines are all that is needed of wrangler.toml here, and wrangler's own reader takes two seconds to load.
 * @throws ProjectError
 */
export const readProject = (from: string = process.cwd()): Project => {
  const root = expectProjectRoot(from);
  const settings = readFileSync(join(root, WRANGLER_FILE), "utf8").split(/^\s*\[/m)[0] ?? "";
  const settingOf = (name: string, example: string): string => {
    const value = new RegExp(`^\\s*${name}\\s*=\\s*["']([^"']+)["']`, "m").exec(settings)?.[1];
    if (value === undefined)
      throw new ProjectError(
        `Expected ${join(root, WRANGLER_FILE)} to begin with a line such as ${name} = "${example}", before any [table].`,
      );
    return value;
  };
  const main = settingOf("main", "app/worker.ts");
  const workerEntry = join(root, main);
  if (!existsSync(workerEntry))
    throw new ProjectError(`Expected the Worker at ${workerEntry}, which main of ${WRANGLER_FILE} names. Correct main, or add the file.`);
  const flags = /^\s*compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(settings)?.[1] ?? "";
  return {
    root,
    workerEntry,
    compatibilityDate: settingOf("compatibility_date", "2026-08-06"),
    compatibilityFlags: [...flags.matchAll(/["']([^"']+)["']/g)].map(([, flag = ""]) => flag),
  };
};

/**
 * Loads the Worker of a project into this process. Nothing runs yet.
 * @throws ProjectError, or whatever the user's own module throws
 */
export const loadWorker = async ({ workerEntry }: Pick<Project, "workerEntry">): Promise<WorkerSettings> => {
  const { default: worker } = (await import(pathToFileURL(workerEntry).href).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_UNSUPPORTED_ESM_URL_SCHEME") throw error;
    throw new ProjectError(
      `${workerEntry} imports a module that only Cloudflare has. Leave cloudflare: out of it, or run it in workerd with rejoinder start.`,
      { cause: error },
    );
  })) as { default?: Partial<NodeWorker> };
  if (worker?.settings?.contract === undefined)
    throw new ProjectError(`Expected ${workerEntry} to end in: export default worker, which defineWorker({ contract }) gave.`);
  return worker.settings;
};

/**
 * Loads the consumer of a project. Nothing runs yet.
 * @throws ProjectError, or whatever the user's own module throws
 */
export const loadConsumer = async (root: string): Promise<ConsumerDefinition> => {
  const file = join(root, CONSUMER_FILE);
  if (!existsSync(file))
    throw new ProjectError(
      `Expected ${file}. Write it: export default defineConsumer({ contract, handlers }), of @rejoinder/sdk/consumer.`,
    );
  const { default: consumer } = (await import(pathToFileURL(file).href)) as { default?: Partial<ConsumerDefinition> };
  if (consumer?.contract === undefined || consumer.handlers === undefined)
    throw new ProjectError(
      `Expected ${file} to end in: export default defineConsumer({ contract, handlers }), of @rejoinder/sdk/consumer.`,
    );
  return consumer as ConsumerDefinition;
};

/** The contract of the project in this folder; undefined outside of one. */
export const loadContract = async (): Promise<Contract | undefined> => {
  const root = findProjectRoot();
  return root === undefined ? undefined : (await loadConsumer(root)).contract;
};
