import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, test } from "vitest";
import { readText, sourceFiles } from "./fixtures.ts";

const NAME = /"((?:error|http|kafka|messaging)\.[\w.]+)"/g;

test("attributes of spans are those of the pinned semantic conventions, and none that they have given up", () => {
  const known = new Set<unknown>(Object.entries(conventions).flatMap(([constant, name]) => (constant.startsWith("ATTR_") ? [name] : [])));
  const { devDependencies } = JSON.parse(readText("package.json")) as { devDependencies: Record<string, string> };
  const version = devDependencies["@opentelemetry/semantic-conventions"]?.replace(/\.0$/, "");
  for (const document of ["protocol/tracing.ts", "docs/monitoring.md"])
    expect(readText(document)).toContain(`semantic conventions ${version}`);
  const used = sourceFiles()
    .filter((path) => /^(?:worker|consumer|protocol)\//.test(path))
    .flatMap((path) => [...readText(path).matchAll(NAME)].map(([, name]) => name));
  expect(used.length).toBeGreaterThan(10);
  expect([...new Set(used)].filter((name) => !known.has(name))).toEqual([]);
  // Deprecated constants stay, so that old code compiles.
  expect(used.filter((name) => name?.startsWith("messaging.kafka."))).toEqual([]);
});
