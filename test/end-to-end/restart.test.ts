import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expectFreePort } from "../../cli/start/port.ts";
import { identifyProcess } from "../../cli/processes/process-identity.ts";
import { HOSTS, type Stack, startStack, until } from "../helpers/stack.ts";
import { type Caller, createCaller } from "./caller.ts";

const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 };

/** More than can be finished while the consumer drains. */
const manyLines = Array.from({ length: 1_000 }, () => line);

const acceptedIds = async (
  caller: Caller,
  count: number,
  operation: string,
  bodyOf: (index: number) => unknown,
): Promise<readonly string[]> => {
  const sent = await Promise.all(Array.from({ length: count }, (_, index) => caller.send(operation, bodyOf(index))));
  return sent.map((one) => {
    if (one.outcome !== "accepted") throw new Error(`Expected to be accepted, got ${JSON.stringify(one)}`);
    return one.id;
  });
};

describe.each(HOSTS)("with the Worker in %s", (host) => {
  let stack: Stack;
  let caller: Caller;
  beforeEach(async () => {
    stack = await startStack({}, { host });
    caller = createCaller(stack.url);
  });
  afterEach(() => stack.remove());

  test("a reply that came before Ctrl-C is still there after the next start", async () => {
    const [id = ""] = await acceptedIds(caller, 1, "sum", () => ({ a: 1, b: 2 }));
    const before = await caller.end(id);
    await stack.stop();
    await stack.restart();
    expect(await caller.status(id)).toEqual(before);
  });

  test("a request that was being worked on at Ctrl-C is worked on after the next start", async () => {
    const ids = await acceptedIds(caller, 3, "report", (index) => ({ account: `account-${index}`, lines: manyLines }));
    await until(async () => (await caller.status(ids[0] ?? "")).state === "processing");
    await stack.stop();
    await stack.restart();
    for (const id of ids) expect(await caller.end(id)).toMatchObject({ state: "succeeded", reply: { total: manyLines.length } });
  });

  test("requests that were accepted before everything was killed at once are worked on after the next start", async () => {
    const ids = await acceptedIds(caller, 20, "report", (index) => ({ account: `account-${index}`, lines: [line] }));
    await stack.crashAll();
    await stack.restart();
    const ends = await Promise.all(ids.map(caller.end));
    expect(ends.map(({ state, reply }) => [state, (reply as { account: string }).account])).toEqual(
      ids.map((_, index) => ["succeeded", `account-${index}`]),
    );
  });

  test("after the supervisor alone was killed, the next start takes over what it left", async () => {
    const [id = ""] = await acceptedIds(caller, 1, "sum", () => ({ a: 1, b: 2 }));
    const before = await caller.end(id);
    await stack.crash("start");
    await stack.restart();
    expect(await caller.status(id)).toEqual(before);
  });

  test.runIf(host === "workerd")(
    "workerd gives its port back when the process that holds it is killed together with the supervisor",
    async () => {
      const [id = ""] = await acceptedIds(caller, 1, "sum", () => ({ a: 1, b: 2 }));
      const before = await caller.end(id);
      const workerd = stack.pid("workerd") ?? 0;
      for (const name of ["start", "worker"] as const) process.kill(stack.pid(name) ?? 0, "SIGKILL");
      await until(() => identifyProcess(workerd) === undefined);
      await expectFreePort(Number(new URL(stack.url).port), "Worker", "PORT");
      await stack.restart();
      expect(await caller.status(id)).toEqual(before);
    },
  );
});
