import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { readText, ROOT, sourceFiles } from "./fixtures.ts";

/** Which folders a folder may import from; a test may import everything. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  app: [],
  contract: ["protocol"],
  protocol: [],
  environment: [],
  storage: ["environment"],
  kafka: ["protocol", "environment"],
  gateway: ["protocol", "environment", "storage", "kafka"],
  consumer: ["contract", "protocol", "environment", "storage", "kafka"],
  worker: ["contract", "protocol", "environment"],
  "worker/hosts/node": ["worker", "contract", "protocol", "environment", "storage", "kafka"],
  client: ["protocol"],
  console: ["client", "protocol"],
  examples: ["client", "test"],
  cli: ["contract", "protocol", "environment", "kafka", "client", "worker", "worker/hosts/node", "consumer", "gateway"],
  create: [],
  tools: ["cli", "worker"],
};

const IMPORT = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g;

const importsOf = (path: string): readonly string[] =>
  [...readText(path).matchAll(IMPORT)].map(([, target]) => relative(ROOT, join(ROOT, dirname(path), target ?? "")));

type Tsconfig = { readonly references?: readonly { readonly path: string }[]; readonly compilerOptions: object };

const readTsconfig = (folder: string): Tsconfig => JSON.parse(readText(join(folder, "tsconfig.json"))) as Tsconfig;

/** The folder with rules of its own that a file is in: the innermost one. */
const folderOf = (path: string): string =>
  Object.keys(ALLOWED)
    .filter((folder) => path.startsWith(`${folder}/`))
    .toSorted((one, other) => other.length - one.length)[0] ?? (path.split("/")[0] as string);

test("imports go one way between the folders", () => {
  const wrong = sourceFiles().flatMap((path) => {
    const folder = folderOf(path);
    const allowed = ALLOWED[folder];
    if (allowed === undefined) return [];
    return importsOf(path)
      .filter((target) => ![folder, ...allowed].includes(folderOf(target)))
      .map((target) => `${path} → ${target}`);
  });
  expect(wrong).toEqual([]);
});

/** Projects that import the library by its public name refer to the folders behind it. */
const BY_PUBLIC_NAME = new Set(["app", "examples"]);

test("the TypeScript projects refer to the same folders", () => {
  const allowed = Object.entries(ALLOWED).filter(([folder]) => !BY_PUBLIC_NAME.has(folder));
  const referred = allowed.map(([folder]) => [
    folder,
    (readTsconfig(folder).references ?? []).map(({ path }) => join(folder, path)).toSorted(),
  ]);
  expect(referred).toEqual(allowed.map(([folder, folders]) => [folder, folders.toSorted()]));
});

/** Two compilations of all that the project refers to, on a machine that may be busy. */
const COMPILE_TIMEOUT_MS = 60_000;

test.each([
  ["worker", "consumer/handler.ts"],
  ["worker", "kafka/producer.ts"],
  ["worker", "worker/hosts/node/host.ts"],
  ["consumer", "gateway/engine.ts"],
  ["gateway", "contract/operation.ts"],
  ["kafka", "gateway/engine.ts"],
])(
  "a wrong import does not compile: %s cannot import %s",
  async (folder, target) => {
    mkdirSync(join(ROOT, ".types"), { recursive: true });
    const directory = mkdtempSync(join(ROOT, ".types/wrong-import-"));
    try {
      const { references = [], ...tsconfig } = readTsconfig(folder);
      const allowed = "protocol/states.ts";
      const write = (imported: string) =>
        writeFileSync(
          join(directory, "wrong.ts"),
          `import * as other from "../../${imported}";\nexport const names = Object.keys(other);\n`,
        );
      writeFileSync(
        join(directory, "tsconfig.json"),
        JSON.stringify({
          ...tsconfig,
          extends: "../../tsconfig.base.json",
          compilerOptions: { ...tsconfig.compilerOptions, rootDir: "../..", outDir: "./out", tsBuildInfoFile: "./build.tsbuildinfo" },
          references: references.map(({ path }) => ({ path: join("../..", folder, path) })),
        }),
      );
      const compile = () =>
        promisify(execFile)(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-b", directory]).then(
          () => "",
          (error: { stdout: string }) => error.stdout,
        );
      write(allowed);
      expect(await compile()).toBe("");
      write(target);
      // Written within one tick of the file system's clock, the file would look older than what was built of it.
      rmSync(join(directory, "build.tsbuildinfo"));
      expect(await compile()).toContain("TS6307");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  COMPILE_TIMEOUT_MS,
);
