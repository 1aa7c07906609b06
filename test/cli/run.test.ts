import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";

const RUN = join(ROOT, "cli/run.js");
const run = (args: readonly string[], nodeOptions: readonly string[] = []) =>
  spawnSync(process.execPath, [...nodeOptions, RUN, ...args], { encoding: "utf8" });

test("an unknown program is refused, and the known ones are named", () => {
  const { status, stderr } = run(["toString"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Expected one of start, dev, .*, got "toString"\.$/m);
});

test.each(["20.19.0", "24.5.9"])("under Node %s, which cannot read TypeScript, it says which one can", (version) => {
  const preload = `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"${version}"}})`;
  const { status, stderr } = run(["start"], ["--import", preload]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Expected Node 24\.6 or newer, got .* Use the npm scripts/);
});

test("every program of an npm script is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const programs = Object.values(scripts).flatMap((script) => {
    const [, folder, program] = /(cli|tools)\/run\.js ([\w-]+)/.exec(script) ?? [];
    return folder === undefined || program === undefined ? [] : [{ folder, program }];
  });
  const fileOf = ({ folder, program }: (typeof programs)[number]): string => {
    const table = readFileSync(join(ROOT, folder, "run.js"), "utf8");
    return new Map([...table.matchAll(/"?([\w-]+)"?: "(\.[^"]+)"/g)].map(([, name, file]) => [name, file])).get(program) ?? "missing";
  };
  expect(programs.length).toBeGreaterThan(4);
  expect(programs.filter((program) => !existsSync(join(ROOT, program.folder, fileOf(program))))).toEqual([]);
});
