import { expect, test } from "vitest";
import { WORKER_VARIABLES } from "../../start/worker-bindings.ts";
import { readText } from "./fixtures.ts";

const NAME = /^ {2}([A-Z][A-Z0-9_]+):/gm;
const namesIn = (path: string): readonly string[] => [...readText(path).matchAll(NAME)].map(([, name]) => name ?? "");

test("npm start hands the Worker every variable that it reads, and no other", () => {
  const read = [...namesIn("worker/config.ts"), ...namesIn("environment/variables.ts")];
  expect([...WORKER_VARIABLES].toSorted()).toEqual([...new Set(read)].toSorted());
});
