import { expect, test } from "vitest";
import { WORKER_VARIABLES } from "../../cli/worker/worker-bindings.ts";
import { readText } from "./fixtures.ts";

const namesIn = (pattern: RegExp, ...paths: readonly string[]): readonly string[] =>
  [...new Set(paths.flatMap((path) => [...readText(path).matchAll(pattern)].map(([, name]) => name ?? "")))].toSorted();

/** Members of a configuration's schema. */
const variablesOf = (...paths: readonly string[]): readonly string[] =>
  namesIn(/^ {2,4}([A-Z][A-Z0-9_]+):/gm, "environment/variables.ts", ...paths);

const workerVariables = (): readonly string[] =>
  variablesOf("worker/config.ts", "worker/identity/config.ts", "worker/webhooks/config.ts", "worker/producer-config.ts");

const assignedIn = (path: string): readonly string[] => namesIn(/^#? ?([A-Z][A-Z0-9_]+)=/gm, path);

test("npm start hands the Worker every variable that it reads, and no other", () => {
  expect([...WORKER_VARIABLES].toSorted()).toEqual(workerVariables());
});

test("the example of the Worker's variables names every one that it reads, and no other", () => {
  expect(assignedIn(".dev.vars.example")).toEqual(workerVariables());
});

test("the example of the environment names every variable that the other parts read, and no other", () => {
  const shared = variablesOf(
    "environment/process-variables.ts",
    "kafka/config.ts",
    "gateway/config.ts",
    "consumer/config.ts",
    "cli/config.ts",
  );
  // On Node the Worker reads those of every Worker, too.
  const workers = new Set(workerVariables());
  const onNode = variablesOf("worker/hosts/node/config.ts", "cli/serve/config.ts").filter((name) => !workers.has(name));
  expect(assignedIn(".env.example")).toEqual([...new Set([...shared, ...onNode])].toSorted());
});
