import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exitIfMisconfigured, readOrExit } from "../environment/read-or-exit.ts";
import { readArguments, SECTIONS, type SectionName } from "./arguments.ts";
import { readConditions } from "./conditions.ts";
import { PACES } from "./pace.ts";
import { formatResult, inMarkdown, type Result } from "./result.ts";

type Results = Partial<Record<SectionName, readonly Result[]>>;

const { quick, names, path, plotPath, markdown } = readOrExit(() => readArguments(process.argv.slice(3)));
const fileOf = (path: string): string => join(import.meta.dirname, "..", path);
if (markdown) {
  // What is there, for documents.
  const { series } = JSON.parse(await readFile(fileOf(path), "utf8")) as { readonly series: Results };
  for (const name of names) for (const result of series[name] ?? []) console.log(`${formatResult(result, inMarkdown)}\n`);
  process.exit(0);
}
const pace = PACES[quick ? "quick" : "full"];
const own = readOrExit(() => names.map((name) => [name, SECTIONS[name].conditions?.() ?? {}]));
const conditions = { ...readConditions(pace), ...(Object.fromEntries(own) as object) };
const say = (line: string): void => console.error(line);

const results: Results = {};
for (const name of names) {
  const began = performance.now();
  results[name] = await SECTIONS[name].measure(pace, say).catch(exitIfMisconfigured);
  say(`${name} took ${Math.round((performance.now() - began) / 1_000)} s`);
}
const all = Object.values(results).flat();
for (const [name, value] of Object.entries(conditions))
  console.log(`${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
for (const result of all) console.log(`\n${formatResult(result)}`);
if (all.length === 0) {
  console.error("Nothing was measured, and no results are written.");
  process.exit(0);
}
const mismeasured = all.flatMap((result) => result.mismeasured ?? []);
for (const line of mismeasured) console.error(`NOT TO BE TRUSTED: ${line}`);

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(fileOf(path)), { recursive: true });
  await writeFile(fileOf(path), text);
  console.log(`${path} written`);
};
const ratios = Object.assign({}, ...all.map((result) => result.ratios)) as object;
const withoutPlots = (name: string, value: unknown): unknown => (name === "plot" ? undefined : value);
await write(path, `${JSON.stringify({ conditions, ratios, series: results, mismeasured }, withoutPlots, 2)}\n`);
for (const { plot } of all) if (plot !== undefined) await write(plotPath, plot);
// A quick run shows that all of it works: some of it is too short to be trusted, which is no failure.
process.exit(quick || mismeasured.length === 0 ? 0 : 1);
