import { matchesGlob } from "node:path";
import { expect, test } from "vitest";
import config from "../../vitest.config.ts";
import { filesOf } from "./fixtures.ts";

type Project = { test: { name: string; include: readonly string[] } };
const projects = (config as { test: { projects: readonly Project[] } }).test.projects;

/** The suites of the Worker run on each of its hosts. */
const isOfEachHost = (file: string): boolean => file.startsWith("test/worker/") && !file.startsWith("test/worker/hosts/");

test("every test file is run by one project, and by one of each host if it is about the Worker", () => {
  const files = filesOf("**/*.test.ts");
  expect(files.length).toBeGreaterThan(0);
  const counts = files.map((file) => [
    file,
    projects.filter(({ test: { include } }) => include.some((glob) => matchesGlob(file, glob))).length,
  ]);
  expect(counts.filter(([file, count]) => count !== (isOfEachHost(String(file)) ? 2 : 1))).toEqual([]);
});
