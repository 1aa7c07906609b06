import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject } from "../helpers/project.ts";
import { HOSTS, type Stack, startStack } from "../helpers/stack.ts";
import { createLifeCaller, isEnded } from "./life-caller.ts";

const CONTRACT = fileURLToPath(new URL("fixtures/life-contract.ts", import.meta.url));
const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  export default defineConsumer({
    contract,
    handlers: {
      tell: (kind) => kind === "never" ? new Promise(() => {}) : kind,
      hurry(text) {
        if (text === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
        return { text };
      },
    },
  });`;

const project = createProject({
  "app/contract.ts": `export { contract } from ${JSON.stringify(CONTRACT)};`,
  "app/consumer.ts": CONSUMER,
  "tsconfig.json": "{}",
});
afterAll(() => project.remove());

describe.each(HOSTS)("in %s", { retry: 0 }, (host) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({}, { project: project.directory, host });
  }, 60_000);
  afterAll(() => stack?.remove());

  test("a consumer that starts again learns what was cancelled meanwhile, and does not begin it", async () => {
    const { send, reach, cancel } = createLifeCaller(stack.url);
    const correlationId = await send("tell", "never");
    await reach(correlationId, ({ state }) => state === "processing");
    expect(await cancel(correlationId)).toMatchObject({ state: "cancelling" });
    await stack.crash("consumer");
    expect(await reach(correlationId, isEnded)).toMatchObject({ state: "cancelled" });
  });

  test("a handler that blocks its process for 20 s expires, and what comes after it is answered", async () => {
    const { send, reach } = createLifeCaller(stack.url);
    const blocked = await send("hurry", "block");
    expect(await reach(blocked, isEnded)).toMatchObject({ state: "expired" });
    const next = await send("tell", "next");
    expect(await reach(next, isEnded)).toMatchObject({ state: "succeeded", reply: "next" });
  });
});
