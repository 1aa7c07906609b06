import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { lintApplication } from "./lint-documents.ts";
import { packAll } from "./pack.ts";
import { runProgram } from "./program.ts";
import { ROOT } from "./root.ts";

/** One thing that is checked: resolves to what is worth a word, and rejects with what is wrong. */
export type CheckStep = { readonly name: string; run(): Promise<string | undefined> };

export type CheckOptions = {
  /** Only what takes less than a minute. */
  readonly fast: boolean;
  readonly withTests: boolean;
};

/** Every step of `npm run check`, in order: what fails soonest first. */
export const createCheckSteps = ({ fast, withTests }: CheckOptions): readonly CheckStep[] => [
  step("node", async () => checkNodeVersion(process.versions.node, readJson("package.json"))),
  step("lock file", async () => checkLockFile(readFileSync(join(ROOT, "package-lock.json"), "utf8"))),
  command("format", "oxfmt", ["--check"]),
  command("lint", "oxlint", ["--deny-warnings"]),
  // A stale build info can hide an error.
  command("types", "tsc", ["-b", ...(fast ? [] : ["--force"])]),
  step("documents", lintApplication),
  ...(withTests ? [testsStep(fast ? ["--project", "unit", "--project", "workerd"] : [])] : []),
  ...(fast ? [] : [auditStep(), packagesStep(), ...deploySteps()]),
];

const step = (name: string, run: CheckStep["run"]): CheckStep => ({ name, run });

const command = (name: string, program: string, args: readonly string[]): CheckStep =>
  step(name, async () => {
    await runProgram(program, args);
    return undefined;
  });

const testsStep = (args: readonly string[]): CheckStep =>
  step("tests", async () => (await runProgram("vitest", ["run", ...args])).trim().split("\n").at(-1));

/** What is known of holes in the packages that users get. */
const auditStep = (): CheckStep =>
  step("audit", async () => {
    // It fails for holes, and where the registry has no answer: its output says which.
    const output = await runProgram("npm", ["audit", "--omit=dev", "--json"]).catch((error: Error) => error.message);
    return readAudit(output);
  });

/** @param output of `npm audit --json` @returns a word @throws Error for a hole that is serious */
export const readAudit = (output: string): string => {
  const counts = /"vulnerabilities": (\{[^{}]*"total": \d+[^{}]*\})/.exec(output)?.[1];
  if (counts === undefined) return "SKIPPED: the registry does not answer";
  const { high = 0, critical = 0, total = 0 } = JSON.parse(counts) as Record<string, number>;
  if (high + critical > 0) throw new Error(`${high + critical} packages have serious holes: run npm audit --omit=dev`);
  return total === 0 ? "nothing is known" : `${total} minor`;
};

/** What is published: whether its files are there, and whether TypeScript and Node find the same in it. */
const packagesStep = (): CheckStep =>
  step("packages", async () => {
    const { sdk, client, create } = await packAll(join(ROOT, "build/packed"));
    for (const { file } of [sdk, client, create]) await runProgram("publint", ["run", file, "--strict", "--level", "suggestion"]);
    const attw = (file: string, ...args: readonly string[]) => runProgram("attw", [file, "--profile", "esm-only", "--no-emoji", ...args]);
    await attw(sdk.file, "--exclude-entrypoints", "tsconfig.json");
    await attw(client.file);
    return `${(sdk.bytes / 1024).toFixed(0)} KiB gzip`;
  });

const WRANGLER = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_BUILD_CONDITIONS: "@rejoinder/source,workerd,worker,browser",
};

const deploySteps = (): readonly CheckStep[] => [deployStep("deploy", ""), deployStep("deploy, production", "production")];

const deployStep = (name: string, environment: string): CheckStep =>
  step(`${name} (dry run)`, async () => {
    const directory = join(ROOT, "build/deploy");
    await runProgram("wrangler", ["deploy", "--dry-run", "--outdir", directory, `--env=${environment}`], { variables: WRANGLER });
    const bytes = gzipSync(readFileSync(join(directory, "worker.js"))).length;
    return `${(bytes / 1024).toFixed(1)} KiB gzip`;
  });

/** package-lock.json pins the npm package `node`, but not the binary that its install script brings. */
export const checkNodeVersion = (version: string, packageJson: unknown): string => {
  const pinned = (packageJson as { devDependencies: { node: string } }).devDependencies.node;
  if (version !== pinned)
    throw new Error(`Expected Node ${pinned}, which package.json pins, got ${version}. Run npm install, and npm run check.`);
  return `v${version}`;
};

/** With `resolved` addresses in it, the lock file would send everybody to the registry of whoever wrote it. */
export const checkLockFile = (lockFile: string): undefined => {
  const host = /"resolved": "(https?:\/\/[^/"]+)/.exec(lockFile)?.[1];
  if (host !== undefined) throw new Error(`Expected package-lock.json to name no registry, got ${host}`);
};

const readJson = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), "utf8"));
