import { mkdir, writeFile } from "node:fs/promises";
import { type HalfName, readArguments } from "./arguments.ts";
import { readConditions } from "./conditions.ts";
import { FSYNCS } from "./fsync.ts";
import { gatewayHalf } from "./gateway/half.ts";
import type { Half, HalfResult } from "./half.ts";
import { PACES } from "./pace.ts";
import { pathHalf } from "./path/half.ts";

const RESULTS = new URL("./results/", import.meta.url);
const HALVES: Readonly<Record<HalfName, Half>> = { path: pathHalf, gateway: gatewayHalf };

const { quick, halves, fileName } = readArguments(process.argv.slice(3));
const pace = PACES[quick ? "quick" : "full"];
const conditions = {
  ...readConditions(pace),
  ...Object.fromEntries(halves.map((name) => [name, HALVES[name].conditions()])),
};
const say = (line: string): void => console.error(line);

const results: Partial<Record<HalfName, readonly HalfResult[]>> = {};
for (const name of halves) {
  const measured: HalfResult[] = [];
  for (const fsync of FSYNCS) {
    say(`measuring the ${name} with fsync ${fsync}`);
    measured.push(await HALVES[name].measure(fsync, pace, say));
  }
  results[name] = measured;
}

console.log(
  `\n${Object.entries(conditions)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("\n")}`,
);
const all = Object.values(results).flat();
for (const { text } of all) console.log(`\n${text}`);

const mismeasured = all.flatMap((result) => result.mismeasured);
for (const line of mismeasured) console.error(`NOT TO BE TRUSTED: ${line}`);
const file = {
  conditions,
  ...Object.fromEntries(Object.entries(results).map(([name, measured]) => [name, measured.map(({ result }) => result)])),
  mismeasured,
};
await mkdir(RESULTS, { recursive: true });
await writeFile(new URL(fileName, RESULTS), `${JSON.stringify(file, undefined, 2)}\n`);
console.log(`\nbench/results/${fileName} written`);
process.exit(mismeasured.length === 0 ? 0 : 1);
