import { expect, test, vi } from "vitest";
import { createOnce } from "../../../consumer/once/once.ts";
import { storeAway } from "../../../consumer/once/store.ts";
import { answerOf, createInvokerStage } from "../invoker-stage.ts";
import { createMemoryStore } from "./memory-store.ts";

const REQUEST = { correlationId: "id-1", expiresAt: 5 };

/** `once` of as many runs of a handler as are asked for, all of one request. */
const createRuns = (request = REQUEST) => {
  const { store, steps, results } = createMemoryStore();
  return { newRun: (overrides = {}) => createOnce(store, { ...request, ...overrides }), steps, results };
};

test("a handler that runs again gets the results of the steps that it has done, and goes on after them", async () => {
  const { newRun, steps } = createRuns();
  const reserve = vi.fn(() => ({ seat: 7 }));
  await newRun()("reserve", reserve);
  const once = newRun();
  expect(await once("reserve", reserve)).toEqual({ seat: 7 });
  expect(await once("charge", async () => "paid")).toBe("paid");
  expect(reserve).toHaveBeenCalledOnce();
  expect(steps.at(-1)).toEqual({ correlationId: "id-1", name: "charge", expiresAt: 5 });
});

test("the first run gets the result as a later one will: as JSON makes it", async () => {
  const { newRun } = createRuns();
  const result = await newRun()("now", () => ({ at: new Date(0), note: undefined, list: [1, null] }));
  expect(result).toEqual({ at: "1970-01-01T00:00:00.000Z", list: [1, null] });
  expect("note" in result).toBe(false);
});

test("a step that returns nothing has null as its result", async () => {
  const { newRun } = createRuns();
  expect(await newRun()("send", () => {})).toBeNull();
});

class Money {
  readonly cents = 5;
}

test.each([
  ["a bigint", { total: 5n }, 'got a bigint at "total"'],
  ["a function", () => 5, "got a function"],
  ["a Map", new Map([[1, 2]]), "got an object of class Map"],
  ["an object with a class", { price: new Money() }, 'got an object of class Money at "price"'],
  ["no number", [1, Number.NaN], 'got NaN at "1"'],
  ["infinity", Number.POSITIVE_INFINITY, "got Infinity"],
  ["a promise that nobody awaits", { later: Promise.resolve(1) }, 'got an object of class Promise at "later"'],
  ["more than 1 MiB", "x".repeat(1024 * 1024), "got 1048578 bytes, more than 1 MiB"],
])("a result with %s is refused, and not recorded", async (_, result, message) => {
  const { newRun, results } = createRuns();
  await expect(newRun()("odd", () => result)).rejects.toThrow(message);
  await expect(newRun()("odd", () => result)).rejects.toThrow('Expected the result of step "odd" to be JSON');
  expect(results.size).toBe(0);
});

test("one run cannot do two steps of one name, one after the other or at once", async () => {
  const { newRun } = createRuns();
  const once = newRun();
  const pay = vi.fn(() => 1);
  await once("pay", pay);
  await expect(once("pay", pay)).rejects.toThrow('Expected each step to have a name of its own, got once("pay") twice.');
  const [first, second] = await Promise.allSettled([once("send", pay), once("send", pay)]);
  expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
  expect(pay).toHaveBeenCalledTimes(2);
});

test("a run may try a step again that has failed", async () => {
  const { newRun } = createRuns();
  const once = newRun();
  const failure = new Error("the account is closed");
  await expect(once("pay", () => Promise.reject(failure))).rejects.toBe(failure);
  await expect(
    once("pay", () => {
      throw failure;
    }),
  ).rejects.toBe(failure);
  expect(await once("pay", () => "paid")).toBe("paid");
});

test.each(["", "x".repeat(201), "two\nlines", "zero\0", "half \ud83d", undefined, 5])(
  "%j is refused as the name of a step",
  async (name) => {
    const { newRun } = createRuns();
    const run = vi.fn();
    await expect(newRun()(name as string, run)).rejects.toThrow("Expected the name of a step to be a string of 1 to 200 characters");
    expect(run).not.toHaveBeenCalled();
  },
);

test("a step has a UUID of its own, which is the same in every run", async () => {
  const keyOf = async (step: string, request = REQUEST): Promise<string> =>
    createRuns(request).newRun()(step, ({ idempotencyKey }) => idempotencyKey);
  const key = await keyOf("charge");
  expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(await keyOf("charge")).toBe(key);
  expect(new Set([key, await keyOf("refund"), await keyOf("charge", { ...REQUEST, correlationId: "id-2" })]).size).toBe(3);
});

test("requests of requesters on Kafka are told apart by the bytes of their correlation ID, and by where the reply is awaited", async () => {
  const { newRun, steps } = createRuns();
  const returnTo = (topic: string, ...correlation: number[]) => ({
    returnTo: { topic, partition: undefined, correlation: Uint8Array.from(correlation), key: null },
  });
  const requests = [returnTo("a", 0xff), returnTo("a", 0xfe), returnTo("b", 0xff), returnTo("a", ...Buffer.alloc(5_000)), {}];
  for (const [index, request] of requests.entries()) expect(await newRun(request)("count", () => index)).toBe(index);
  for (const [index, request] of requests.entries()) expect(await newRun(request)("count", () => -1)).toBe(index);
  expect(Math.max(...steps.map(({ correlationId }) => correlationId.length))).toBeLessThan(100);
});

test("the next attempt at a request gets what the one before has done, for as long as the request has a status", async () => {
  const { store, steps } = createMemoryStore();
  const seat = vi.fn(() => "7 A");
  const { invoke, request } = createInvokerStage(async (_, { once, attempt }) => {
    const greeting = await once("seat", seat);
    if (attempt === 1) throw new Error("the printer is out of paper");
    return { greeting };
  }, store);
  expect(await invoke({}, 1).result).toMatchObject({ kind: "failed" });
  expect(answerOf(await invoke({}, 2).result)?.reply).toMatchObject({ state: "succeeded", data: { greeting: "7 A" } });
  expect(seat).toHaveBeenCalledOnce();
  const { correlationId, acceptedAt } = request;
  const retentionMs = (30 + 3_600) * 1_000;
  expect(steps).toEqual([1, 2].map(() => ({ correlationId, name: "seat", expiresAt: acceptedAt + retentionMs })));
});

test("while the store is away, requests with steps are to be handled again, and only the log tells why", async () => {
  const { store } = createMemoryStore();
  const away = storeAway(new Error("connect ECONNREFUSED 10.0.0.7:5432"));
  const { invoke, log } = createInvokerStage((_, { once }) => once("seat", () => ({ greeting: "" })), {
    ...store,
    once: () => Promise.reject(away),
  });
  const result = await invoke().result;
  expect(result).toMatchObject({ kind: "failed", isRetryable: true, problem: { code: "STEPS_UNAVAILABLE" }, cause: away });
  expect(JSON.stringify(result?.kind === "failed" && result.problem)).not.toContain("10.0.0.7");
  expect(log.lines).toMatchObject([{ level: "warn", err: { message: expect.stringContaining("connect ECONNREFUSED 10.0.0.7:5432") } }]);
});

test("a consumer that was given no store says so", async () => {
  const { invoke, log } = createInvokerStage((_, { once }) => once("seat", () => ({ greeting: "" })));
  expect(await invoke().result).toMatchObject({ kind: "failed", isRetryable: false });
  expect(JSON.stringify(log.lines)).toContain("This consumer keeps no results of steps.");
});
