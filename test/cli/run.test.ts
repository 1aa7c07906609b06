import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { callCommand } from "./run-command.ts";

test("a call that there is not is refused, and the nearest ones are named", async () => {
  expect(await callCommand(["sned"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^There is no call "sned"\. Expected send\./),
  });
  expect((await callCommand(["toString"])).stderr).toMatch(/Expected dev or start or /);
});

test("without a call, and with help, it says what there is", async () => {
  for (const args of [[], ["help"], ["--help"]]) {
    const { code, stdout } = await callCommand(args);
    expect(code).toBe(0);
    for (const name of ["dev", "start", "gateway", "consumer", "build", "send", "status", "doctor", "deploy"])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
  }
});

test("each call says how it is used, by help and by --help", async () => {
  const names = ["dev", "start", "gateway", "consumer", "build", "send", "status", "cancel", "dead-letters", "keys", "doctor", "deploy"];
  const helps = await Promise.all(names.map((name) => callCommand(["help", name])));
  expect(helps.map(({ stdout }) => /^rejoinder ([\w-]+)/.exec(stdout)?.[1])).toEqual(names);
  expect(await callCommand(["send", "--help"])).toEqual(helps[names.indexOf("send")]);
});

test("an option that a call does not take is named with those that it takes", async () => {
  const { code, stderr } = await callCommand(["start", "--kakfa"]);
  expect(code).toBe(2);
  expect(stderr).toBe("Unknown option '--kakfa'. Expected --node --kafka --direct.\nSee: rejoinder help start\n");
});

test.each(["20.19.0", "22.17.1"])("under Node %s, which cannot read TypeScript, it says which one can", async (version) => {
  const preload = `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"${version}"}})`;
  const { code, stderr } = await callCommand(["start"], { nodeOptions: ["--import", preload] });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Expected Node 22\.18 or newer, got /);
});

test("every tool of an npm script is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const tools = Object.values(scripts).flatMap((script) => /tools\/run\.js ([\w-]+)/.exec(script)?.[1] ?? []);
  const table = readFileSync(join(ROOT, "tools/run.js"), "utf8");
  const files = new Map([...table.matchAll(/"?([\w-]+)"?: "(\.[^"]+)"/g)].map(([, name, file]) => [name, file ?? ""]));
  expect(tools.length).toBeGreaterThan(3);
  expect(tools.filter((tool) => !existsSync(join(ROOT, "tools", files.get(tool) ?? "missing")))).toEqual([]);
});
