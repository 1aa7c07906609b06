import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MADE_SECRETS, type MadeSecret, makeSecret, readMadeSecrets, secretsFileOf, writeMadeSecrets } from "./deploy-secrets.ts";
import { ExpectedError } from "../expected-error.ts";
import { runWrangler } from "../worker/wrangler.ts";

export type DeploymentOptions = {
  readonly root: string;
  /** The `[env.NAME]` of wrangler.toml; undefined: the top level. */
  readonly environment: string | undefined;
};

/** Always present: without it wrangler warns that there are several environments. */
const flagOf = (environment: string | undefined): string => `--env=${environment ?? ""}`;

/** Builds what would be deployed, without any network. @throws ExpectedError */
export const deployDry = async ({ root, environment }: DeploymentOptions): Promise<void> => {
  const { code } = await runWrangler({ root, args: ["deploy", "--dry-run", flagOf(environment)] });
  if (code !== 0) throw new ExpectedError("The build for the deployment failed. wrangler says why above.");
};

/** @throws ExpectedError if nobody is logged in */
export const expectLogin = async ({ root }: DeploymentOptions): Promise<void> => {
  if (process.env["CLOUDFLARE_API_TOKEN"]) return;
  const { output } = await runWrangler({ root, args: ["whoami", "--json"], shown: false });
  if (/"loggedIn":\s*true/.test(output)) return;
  throw new ExpectedError("Nobody is logged in to Cloudflare. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
};

/**
 * Makes the secrets that the deployed Worker lacks, as far as they can be made. A new one is written to a file first, since nobody can read it
 * from the Worker again. Resolves to the names of all secrets that the Worker then has.
 * @throws ExpectedError
 */
export const provideSecrets = async ({ root, environment }: DeploymentOptions): Promise<ReadonlySet<string>> => {
  const there = await listSecrets({ root, environment });
  const file = secretsFileOf(root, environment);
  for (const name of MADE_SECRETS) {
    if (there.has(name)) continue;
    const kept = readMadeSecrets(file);
    const secret = kept[name] ?? makeSecret(name);
    if (kept[name] === undefined) writeMadeSecrets(file, { ...kept, [name]: secret });
    await putSecret({ root, environment }, name, secret);
    there.add(name);
  }
  return there;
};

/** A Worker that does not exist yet has none: wrangler says so in words, and passes on Cloudflare's codes of others. */
const NO_WORKER = /Worker "[^"]*" not found|\b(10007|10090)\b/;

const listSecrets = async ({ root, environment }: DeploymentOptions): Promise<Set<string>> => {
  const { code, output, errors } = await runWrangler({ root, args: ["secret", "list", flagOf(environment)], shown: false });
  if (code === 0) return new Set((JSON.parse(output) as readonly { name: string }[]).map(({ name }) => name));
  if (NO_WORKER.test(output + errors)) return new Set();
  throw new ExpectedError(`Cannot list the Worker's secrets:\n${(output + errors).trim()}`);
};

/** By stdin: every user of the machine can read a command line. */
const putSecret = async ({ root, environment }: DeploymentOptions, name: MadeSecret, secret: string): Promise<void> => {
  const { code, output, errors } = await runWrangler({
    root,
    args: ["secret", "put", name, flagOf(environment)],
    input: `${secret}\n`,
    shown: false,
  });
  if (code !== 0) throw new ExpectedError(`Cannot set the Worker's secret ${name}:\n${(output + errors).trim()}`);
};

/** Deploys. Resolves to the Worker's URL, if wrangler prints one. @throws ExpectedError */
export const deployWorker = async ({ root, environment }: DeploymentOptions): Promise<string | undefined> => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-deploy-"));
  try {
    const told = join(folder, "told.ndjson");
    const { code } = await runWrangler({
      root,
      args: ["deploy", flagOf(environment)],
      variables: { WRANGLER_OUTPUT_FILE_PATH: told },
    });
    if (code !== 0) throw new ExpectedError("The Worker was not deployed. wrangler says why above.");
    return urlOf(await readFile(told, "utf8").catch(() => ""));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** wrangler writes what it has done, one JSON object a line. */
const urlOf = (told: string): string | undefined => {
  const entries = told
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { type?: string; targets?: readonly string[] });
  return entries.find(({ type }) => type === "deploy")?.targets?.find((target) => target.startsWith("https://"));
};
