import { expect, test } from "vitest";
import { runWaitingCallers } from "../../../bench/capacity/outstanding.ts";
import { until } from "../../helpers/stack.ts";
import { type JsonAnswer, serveJson } from "../served-json.ts";

type Sum = { readonly a: number; readonly b: number };

/** Answers nobody until all of them are there. */
const serveTogether = async (count: number, answer: (sum: Sum) => JsonAnswer): Promise<string> => {
  const all = Promise.withResolvers<void>();
  let there = 0;
  return serveJson(async (_, body) => {
    if (++there === count) all.resolve();
    await all.promise;
    return answer(body as Sum);
  });
};

test("all of them wait at once, and each gets the answer to its own request", async () => {
  const url = await serveTogether(20, ({ a, b }) => ({ status: 200, body: { sum: a + b } }));
  const callers = await runWaitingCallers(url, { count: 20, rampMs: 10, handlerMs: 0 });
  expect(callers).toMatchObject({ count: 20, mostAtOnce: 20, right: 20, wrong: {} });
  expect(callers.lateP50Us).toBeGreaterThan(0);
  expect(callers.lateP99Us).toBeGreaterThanOrEqual(callers.lateP50Us);
});

test("the reply to somebody else is no right answer", async () => {
  const url = await serveTogether(4, ({ a }) => ({ status: 200, body: { sum: a === 3 ? 1 : a + 1 } }));
  expect(await runWaitingCallers(url, { count: 4, rampMs: 0, handlerMs: 0 })).toMatchObject({
    right: 3,
    wrong: { 'Expected the sum 4, got {"sum":1}': 1 },
  });
});

test("what is wrong in the same way is counted as one, and ends nothing", async () => {
  const url = await serveTogether(4, ({ a }) =>
    a < 3 ? { status: 503, body: `overloaded ${a}12345` } : { status: 200, body: { sum: a + 1 } },
  );
  expect(await runWaitingCallers(url, { count: 4, rampMs: 0, handlerMs: 0 })).toMatchObject({
    right: 1,
    wrong: { 'Expected 200 from POST /requests/sum, got 503: "overloaded …"': 3 },
  });
});

test("more come only once one who does not wait was accepted", async () => {
  let sums = 0;
  const sumsBeforeAccepting: number[] = [];
  const url = await serveJson(async ({ url: path }, body) => {
    if (path === "/requests/sum") return { status: 200, body: { sum: (++sums, (body as Sum).a + 1) } };
    // As many as can come meanwhile have come.
    await until(() => sums % 100 === 0 && sums > sumsBeforeAccepting.length * 100 + 100);
    sumsBeforeAccepting.push(sums);
    return { status: 202, body: {} };
  });
  expect(await runWaitingCallers(url, { count: 400, rampMs: 0, handlerMs: 0 })).toMatchObject({ count: 400, right: 400, wrong: {} });
  expect(sumsBeforeAccepting).toEqual([200, 300, 400]);
});
