import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { expectProjectRoot, findProjectRoot, loadConsumer, readProject } from "../../cli/project.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "rejoinder-project-")));
  mkdirSync(join(root, "app"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
const WRANGLER =
  'name = "mine"\nmain = "app/worker.ts"\ncompatibility_date = "2026-08-06"\ncompatibility_flags = ["one", \'two\']\n\n[vars]\nmain = "no"\n';

test("the project is the nearest folder upwards with a wrangler.toml", () => {
  write("wrangler.toml", WRANGLER);
  write("app/worker.ts", "");
  expect(readProject(join(root, "app"))).toEqual({
    root,
    workerEntry: join(root, "app/worker.ts"),
    compatibilityDate: "2026-08-06",
    compatibilityFlags: ["one", "two"],
  });
});

test("where there is no project, it says so and what to do", () => {
  expect(findProjectRoot(root)).toBeUndefined();
  expect(() => expectProjectRoot(root)).toThrow(`Expected a wrangler.toml in ${root} or above.`);
});

test.each([
  ["main", 'compatibility_date = "2026-08-06"\n[vars]\nmain = "app/worker.ts"', /a line such as main = "app\/worker\.ts"/],
  ["compatibility_date", 'main = "app/worker.ts"', /a line such as compatibility_date = "/],
  ["the module that main names", WRANGLER.replace("worker.ts", "wroker.ts"), /Expected the Worker at .*app\/wroker\.ts, which main/],
])("a wrangler.toml without %s is named, with what to write", (_, text, problem) => {
  write("wrangler.toml", text);
  write("app/worker.ts", "");
  expect(() => readProject(root)).toThrow(problem);
});

test("a consumer that is missing or none is named, with what to write", async () => {
  await expect(loadConsumer(root)).rejects.toThrow(`Expected ${join(root, "app/consumer.ts")}. Write it: export default defineConsumer(`);
  write("app/consumer.ts", "export const consumer = {};");
  await expect(loadConsumer(root)).rejects.toThrow("to end in: export default defineConsumer({ contract, handlers })");
});
