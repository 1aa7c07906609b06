import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningProcess, startProcess } from "../helpers/processes.ts";
import { createProject, type TestProject } from "./fixtures/project.ts";

let project: TestProject;
let gateway: RunningProcess | undefined;
beforeEach(() => {
  project = createProject();
});
afterEach(async () => {
  await gateway?.stop();
  project.remove();
});

/** The topics that there are in a gateway which runs in the project, with their partitions. */
const topicsOf = async (variables: Record<string, string> = {}): Promise<unknown> => {
  const environment = { GATEWAY_CREDENTIALS: "user:password", GATEWAY_PORT: "0", EXIT_WITH_PARENT: "1", ...variables };
  gateway = await startProcess("gateway", environment, { project: project.root });
  const response = await fetch(`${String(gateway.ready["url"])}/topics`, { headers: { authorization: `Basic ${btoa("user:password")}` } });
  return response.json();
};

test("the gateway of a project has the topics that the contract names", async () => {
  expect(await topicsOf()).toEqual({ greetings: 6, "greetings-dlt": 1 });
});

test("GATEWAY_TOPICS names others", async () => {
  expect(await topicsOf({ GATEWAY_TOPICS: "mine:2" })).toEqual({ mine: 2 });
});
