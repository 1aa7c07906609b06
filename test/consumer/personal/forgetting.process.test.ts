import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClientError, createClient } from "../../../client/index.ts";
import { callCommand } from "../../cli/run-command.ts";
import { type Stack, startStack } from "../../helpers/stack.ts";
import type { contract } from "./project/app/contract.ts";

const PROJECT = fileURLToPath(new URL("project", import.meta.url));

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({}, { project: PROJECT, host: "node" });
}, 60_000);
afterAll(() => stack?.remove());

const open = () => createClient<typeof contract>({ url: stack.url });

test("whom the command forgets, a consumer that runs forgets, too, and so does one that starts again", { timeout: 120_000 }, async () => {
  const client = open();
  const { position } = await client.submit("patient.register", { patient: "p1", name: "Ada Lovelace", ward: "3" }).result;
  const row = (after?: string) => client.view("wards", "p1", after === undefined ? {} : { after });
  await expect.poll(() => row(position), { timeout: 30_000 }).toEqual({ name: "Ada Lovelace", ward: "3" });
  expect(await client.request("patient.look", { patient: "p1" })).toEqual({ name: "Ada Lovelace", ward: "3" });
  const { code, stderr } = await callCommand(["subjects", "forget", "p1"], { cwd: PROJECT, variables: { REJOINDER_DIR: stack.dir } });
  expect([code, stderr]).toEqual([0, expect.stringContaining("The key is gone")]);
  const name = async () => (await client.request("patient.look", { patient: "p1" })).name;
  await expect.poll(name, { timeout: 30_000 }).toBeNull();
  await expect.poll(() => row(), { timeout: 30_000 }).toEqual({ name: null, ward: "3" });
  await stack.crash("consumer");
  expect(await name()).toBeNull();
  expect((await client.request("patient.look", { patient: "p1" })).ward).toBe("3");
});

test("a command with the version that its aggregate has is decided, and one with another is told which it has", async () => {
  const client = open();
  const patient = "p2";
  const { position, aggregateVersion } = await client.submit("patient.register", { patient, name: "Eve", ward: "3" }, { ifMatch: 0 })
    .result;
  expect([position, aggregateVersion]).toEqual([expect.stringMatching(/^patient\.\d+\.\d+\./), 1]);
  const move = (ifMatch: number) => client.submit("patient.move", { patient, ward: "4" }, { ifMatch }).result;
  const error = await move(7).catch((thrown: unknown) => thrown as ClientError);
  expect(error).toMatchObject({ code: "VERSION_MISMATCH", status: 412, problem: { version: expect.any(Number) } });
  const { version } = (error as ClientError).problem as unknown as { version: number };
  expect(await move(version)).toMatchObject({ reply: null, aggregateVersion: version + 1 });
});

test("whoever waits for a command has its commit in the headers", async () => {
  const response = await fetch(`${stack.url}/requests/patient.register`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=20", "if-match": '"0"' },
    body: JSON.stringify({ patient: "p3", name: "Bob", ward: "3" }),
  });
  const headers = ["rejoinder-position", "rejoinder-aggregate-version"].map((name) => response.headers.get(name));
  expect([response.status, ...headers]).toEqual([200, expect.stringMatching(/^patient\./), "1"]);
});
