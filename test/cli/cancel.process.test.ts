import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject } from "../helpers/project.ts";
import { type Stack, startStack } from "../helpers/stack.ts";
import { callCommand, type Called } from "./run-command.ts";

const CONTRACT = `
  import { defineContract, operation } from "@rejoinder/sdk/contract";
  import * as z from "zod";
  export const contract = defineContract({
    sum: operation({ request: z.object({ a: z.number(), b: z.number() }), reply: z.object({ sum: z.number() }) }),
    endless: operation({ request: z.object({}), reply: z.null(), deadlineSeconds: 600 }),
  });`;

/** What is endless takes until it is cancelled. */
const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({
    contract,
    handlers: {
      sum: ({ a, b }) => ({ sum: a + b }),
      endless: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
  });`;

const project = createProject({ "app/contract.ts": CONTRACT, "app/consumer.ts": CONSUMER });
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({}, { project: project.directory, host: "node" });
}, 60_000);
afterAll(async () => {
  await stack?.remove();
  project.remove();
});

const call = (...args: readonly string[]): Promise<Called> => callCommand(args, { variables: { REJOINDER_DIR: stack.dir } });

const send = async (...args: readonly string[]): Promise<string> =>
  (JSON.parse((await call("send", ...args, "--json")).stdout) as { correlationId: string }).correlationId;

test("a request that runs is cancelled, and with --wait the call ends when nothing works on it any more", async () => {
  const id = await send("endless", "{}", "--wait", "0");
  const cancelled = await call("cancel", id, "--wait", "--json");
  expect([cancelled.code, JSON.parse(cancelled.stdout)]).toEqual([
    1,
    { correlationId: id, state: "cancelled", error: expect.objectContaining({ code: "CANCELLED" }) },
  ]);
});

test("without --wait it says that the request is being cancelled, and how to ask again", async () => {
  const id = await send("endless", "{}", "--wait", "0");
  const { code, stderr } = await call("cancel", id);
  expect([code, stderr]).toEqual([3, expect.stringMatching(new RegExp(`cancelling: .*rejoinder status ${id} --wait 30`))]);
  expect((await call("status", id, "--wait", "30")).code).toBe(1);
});

test("a request that has ended stays as it is, and is shown", async () => {
  const id = await send("sum", '{"a":2,"b":3}');
  const { code, stdout } = await call("cancel", id);
  expect([code, JSON.parse(stdout)]).toEqual([0, { sum: 5 }]);
});

test("an ID that nobody gave is named as such", async () => {
  expect(await call("cancel", "nonsense")).toMatchObject({ code: 2, stderr: expect.stringContaining("UNKNOWN_CORRELATION_ID") });
});
