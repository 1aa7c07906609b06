import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readConditions } from "./conditions.ts";
import { PACES } from "./pace.ts";
import { findMismeasured, summarize } from "./results.ts";
import type { Fsync } from "./stack.ts";
import { runSuite, type SuiteResult } from "./suite.ts";
import { formatResult } from "./table.ts";

const RESULTS = new URL("./results/", import.meta.url);
const FSYNCS: readonly Fsync[] = ["always", "os"];

const { values } = parseArgs({ args: process.argv.slice(3), options: { quick: { type: "boolean", default: false } } });
const pace = PACES[values.quick ? "quick" : "full"];
const say = (line: string): void => console.error(line);

const suites: SuiteResult[] = [];
for (const fsync of FSYNCS) {
  say(`measuring with fsync ${fsync}`);
  suites.push(await runSuite(fsync, pace, say));
}

const conditions = readConditions(pace);
const results = suites.map(summarize);
console.log(
  `\n${Object.entries(conditions)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("\n")}`,
);
for (const result of results) console.log(`\n${formatResult(result)}`);

const mismeasured = suites.flatMap(findMismeasured);
for (const line of mismeasured) console.error(`NOT TO BE TRUSTED: ${line}`);
const name = values.quick ? "quick.json" : "latest.json";
await mkdir(RESULTS, { recursive: true });
await writeFile(new URL(name, RESULTS), `${JSON.stringify({ conditions, results, mismeasured }, undefined, 2)}\n`);
console.log(`\nbench/results/${name} written`);
process.exit(mismeasured.length === 0 ? 0 : 1);
