import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { writeDeclarations } from "./declarations.ts";
import { ROOT } from "./root.ts";

/** What Node 22.18, the oldest that is supported, can read. */
const TARGET = "node22.18";

/** The programs of the library that run in a process or a thread of their own, by their names in dist/. */
const PROGRAMS = {
  cli: "cli/run.js",
  "checkpoint-thread": "storage/checkpoint-thread.ts",
} as const;

const SOURCE = "@rejoinder/source";

/** Where an entry of `exports` leads: to one module, or to the one of the first condition that holds. */
type Targets = { readonly [condition: string]: string | Readonly<Record<string, string>> };

type Manifest = { readonly exports: Readonly<Record<string, string | Targets>> };

/** A module that users import: its source, and its name in dist/ without an ending. */
type Entry = { readonly source: string; readonly name: string };

/**
 * Builds what is published of this repository: JavaScript with its declarations, and tsconfig.json for users. The console, which is built apart, stays.
 * @throws Error if something does not compile
 */
export const buildLibrary = async (directory = join(ROOT, "dist")): Promise<void> => {
  const { exports } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
  const modules = Object.values(exports).filter((targets) => typeof targets === "object");
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) if (name !== "console") await rm(join(directory, name), { recursive: true });
  await Promise.all([
    buildModules(readEntries(modules), directory),
    writeDeclarations(
      modules.map(({ types }) => relative("dist/types", String(types)).replace(/\.d\.ts$/, "")),
      join(directory, "types"),
    ),
    copyFile(join(ROOT, "tools/user-tsconfig.json"), join(directory, "tsconfig.json")),
  ]);
};

/** What `exports` of package.json names by its source and by what is built of it, for each condition. */
const readEntries = (modules: readonly Targets[]): readonly Entry[] => {
  const entries = modules.flatMap((targets) => {
    const { [SOURCE]: named = {}, ...built } = targets;
    const sources = typeof named === "string" ? { default: named } : named;
    return Object.entries(sources).flatMap(([condition, source]) => {
      if (condition === "types") return [];
      const target = built[condition];
      if (typeof target !== "string") throw new Error(`Expected ${condition} beside its ${SOURCE}, got ${JSON.stringify(targets)}`);
      return { source: relative(".", source), name: relative("dist", target).replace(/\.js$/, "") };
    });
  });
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()];
};

/** All in one build, so that modules that several entries import are there once: a contract is then the same for all of them. */
const buildModules = async (entries: readonly Entry[], directory: string): Promise<void> => {
  const programs = Object.entries(PROGRAMS).map(([name, source]) => ({ source, name }));
  await build({
    entryPoints: [...entries, ...programs].map(({ source, name }) => ({ in: join(ROOT, source), out: name })),
    outdir: directory,
    bundle: true,
    splitting: true,
    // Beside the programs, which they name by URLs relative to themselves.
    chunkNames: "chunk-[hash]",
    format: "esm",
    platform: "node",
    target: TARGET,
    packages: "external",
    plugins: [programUrls],
    logLevel: "silent",
  });
};

/** `new URL("program.ts", import.meta.url)`, by which a module names a program. */
const PROGRAM_URL = /new URL\("(\.{0,2}[\w/-]+\.[jt]s)", import\.meta\.url\)/g;

/** Has modules find their programs in dist/. @throws Error, as esbuild does, if one is not among them */
const programUrls: Plugin = {
  name: "program-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!PROGRAM_URL.test(text)) return undefined;
      const contents = text.replaceAll(PROGRAM_URL, (_, file: string) => {
        const source = relative(ROOT, resolve(dirname(path), file));
        const name = Object.entries(PROGRAMS).find(([, candidate]) => candidate === source)?.[0];
        if (name === undefined)
          throw new Error(`${relative(ROOT, path)} names the program ${source}, which is not built. Add it to PROGRAMS.`);
        return `new URL("./${name}.js", import.meta.url)`;
      });
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
    });
  },
};
