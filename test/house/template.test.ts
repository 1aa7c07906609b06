import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { TEMPLATE_FILES } from "../../tools/create-package.ts";
import { filesOf, readText } from "./fixtures.ts";

type Manifest = {
  readonly version: string;
  readonly engines: object;
  readonly exports: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};
const readManifest = (path: string): Manifest => JSON.parse(readText(path)) as Manifest;

const IMPORT = /(?:from|import)\s*\(?\s*["']([^"']+)["']/g;
const importsOf = (path: string): readonly string[] => [...readText(path).matchAll(IMPORT)].map(([, target = ""]) => target);

test("all of the sample application is in the template", () => {
  expect(TEMPLATE_FILES.filter((file) => file.startsWith("app/")).toSorted()).toEqual(filesOf("app/**/*.ts"));
});

test("the sample application imports the library by its public names alone", () => {
  const { exports } = readManifest("package.json");
  const names = new Set(Object.keys(exports).map((path) => path.replace(".", "@rejoinder/sdk")));
  const imports = TEMPLATE_FILES.filter((file) => file.endsWith(".ts")).flatMap((file) => importsOf(file));
  expect(imports.length).toBeGreaterThan(0);
  const others = imports.filter((target) => !/^(\.{1,2}\/|node:)/.test(target) && !["zod", "vitest"].includes(target));
  expect(others.filter((target) => !names.has(target))).toEqual([]);
  const own = imports.filter((target) => target.startsWith("."));
  expect(own.filter((target) => !/^\.(\.\/app)?\/(contract|consumer)\.ts$/.test(target))).toEqual([]);
});

test("a project of the template has the versions that this repository is tested with", () => {
  const own = readManifest("package.json");
  const create = readManifest("create/package.json");
  const template = readManifest("create/template/package.json");
  expect(create.version).toBe(own.version);
  expect(template.dependencies?.["@rejoinder/sdk"]).toBe(own.version);
  expect([create.engines, template.engines]).toEqual([own.engines, own.engines]);
  const { "@rejoinder/sdk": _, zod, ...others } = { ...template.dependencies, ...template.devDependencies };
  expect(zod).toBe(own.peerDependencies?.["zod"]);
  expect(own.devDependencies).toMatchObject(others);
});

test("in production Cloudflare logs no URL, in which a status token may be", () => {
  const { observability } = unstable_readConfig({ config: "wrangler.toml", env: "production" }, { hideWarnings: true });
  expect(observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
});
