import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exitIfMisconfigured, readOrExit } from "../environment/read-or-exit.ts";
import { type SectionName, readArguments } from "./arguments.ts";
import { readConditions } from "./conditions.ts";
import { capacitySection } from "./capacity/section.ts";
import { costsSection } from "./costs/section.ts";
import { gatewaySection } from "./gateway/section.ts";
import { kafkaSection } from "./kafka/section.ts";
import type { Section, SectionResult } from "./section.ts";
import { PACES } from "./pace.ts";
import { pathSection } from "./path/section.ts";
import { peersSection } from "./peers/section.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SECTIONS: Readonly<Record<SectionName, Section>> = {
  path: pathSection,
  gateway: gatewaySection,
  kafka: kafkaSection,
  peers: peersSection,
  capacity: capacitySection,
  costs: costsSection,
};

const { quick, sections, fileName, plotPath } = readOrExit(() => readArguments(process.argv.slice(3)));
const pace = PACES[quick ? "quick" : "full"];
const conditions = {
  ...readConditions(pace),
  ...readOrExit(() => Object.fromEntries(sections.map((name) => [name, SECTIONS[name].conditions()]))),
};
const say = (line: string): void => console.error(line);

const results: Partial<Record<SectionName, readonly SectionResult[]>> = {};
for (const name of sections) {
  const began = performance.now();
  results[name] = await SECTIONS[name].measure(pace, say).catch(exitIfMisconfigured);
  say(`${name} took ${Math.round((performance.now() - began) / 1_000)} s`);
}

console.log(
  `\n${Object.entries(conditions)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("\n")}`,
);
const all = Object.values(results).flat();
if (all.length === 0) {
  console.error("Nothing was measured, and no results are written.");
  process.exit(0);
}
for (const { text } of all) console.log(`\n${text}`);

const mismeasured = all.flatMap((result) => result.mismeasured);
for (const line of mismeasured) console.error(`NOT TO BE TRUSTED: ${line}`);
const file = {
  conditions,
  ratios: Object.assign({}, ...all.map(({ ratios }) => ratios)) as object,
  series: Object.fromEntries(Object.entries(results).map(([name, measured]) => [name, measured.map(({ result }) => result)])),
  mismeasured,
};
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), text);
  console.log(`${path} written`);
};
await write(`bench/results/${fileName}`, `${JSON.stringify(file, undefined, 2)}\n`);
for (const { plot } of all) if (plot !== undefined) await write(plotPath, plot);
// A quick run is to show that all of it works: that some of it was too short to be trusted is said, and is no failure.
process.exit(quick || mismeasured.length === 0 ? 0 : 1);
