import { matchesGlob } from "node:path";
import { expect, test } from "vitest";
import config from "../../vitest.config.ts";
import { filesOf } from "./fixtures.ts";

type Project = { test: { name: string; include: readonly string[] } };
const projects = (config as { test: { projects: readonly Project[] } }).test.projects;

test("every test file is run by exactly one project", () => {
  const files = filesOf("**/*.test.ts");
  expect(files.length).toBeGreaterThan(0);
  const counts = files.map((file) => [
    file,
    projects.filter(({ test: { include } }) => include.some((glob) => matchesGlob(file, glob))).length,
  ]);
  expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
});
