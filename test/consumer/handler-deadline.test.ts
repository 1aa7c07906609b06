import { expect, test } from "vitest";
import { answerOf, createInvokerStage } from "./invoker-stage.ts";

test("a request past its deadline is not started", async () => {
  let started = false;
  const { invoke, time } = createInvokerStage(() => {
    started = true;
    return { greeting: "late" };
  });
  expect(answerOf(await invoke({ deadline: time.now() }).result)?.reply).toMatchObject({ state: "expired" });
  expect(started).toBe(false);
});

test("says that it is processing after 250 ms, once, and not for what is quicker", async () => {
  const slow = Promise.withResolvers<void>();
  const { invoke, time, processing, request } = createInvokerStage(() => slow.promise.then(() => ({ greeting: "slow" })));
  const running = invoke();
  await time.elapse(249);
  expect(processing).toEqual([]);
  await time.elapse(1);
  expect(processing).toMatchObject([{ state: "processing", correlationId: request.correlationId, operation: "greet" }]);
  slow.resolve();
  expect(answerOf(await running.result)?.reply).toMatchObject({ state: "succeeded" });
  await time.elapse(10_000);
  expect(processing).toHaveLength(1);
});

test("at the deadline the signal aborts and the caller is told, though the handler goes on", async () => {
  const stubborn = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const { invoke, time } = createInvokerStage((_, context) => {
    signal = context.signal;
    return stubborn.promise.then(() => ({ greeting: "too late" }));
  });
  const running = invoke();
  let ended = false;
  void running.ended.then(() => (ended = true));
  await time.elapse(4_999);
  expect(signal?.aborted).toBe(false);
  await time.elapse(1);
  expect(signal?.reason).toMatchObject({ name: "TimeoutError" });
  expect(answerOf(await running.result)?.reply).toMatchObject({ state: "expired" });
  expect(ended).toBe(false);
  stubborn.resolve();
  await running.ended;
});

test("what a handler replies after the deadline is kept as a late reply", async () => {
  const stubborn = Promise.withResolvers<void>();
  const { invoke, time, request } = createInvokerStage(() => stubborn.promise.then(() => ({ greeting: "too late" })));
  const running = invoke();
  await time.elapse(5_000);
  const handled = answerOf(await running.result);
  expect(handled?.reply).toMatchObject({ state: "expired" });
  stubborn.resolve();
  expect(await handled?.late).toMatchObject({
    correlationId: request.correlationId,
    state: "succeeded",
    data: { greeting: "too late" },
  });
});

test("a request whose handler ends in time has no late reply", async () => {
  const { invoke } = createInvokerStage(() => ({ greeting: "Hello" }));
  expect(answerOf(await invoke().result)?.late).toBeUndefined();
});

test("a handler that fails because its signal aborted is no error", async () => {
  const { invoke, time, log } = createInvokerStage(
    (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  );
  const running = invoke();
  await time.elapse(5_000);
  const handled = answerOf(await running.result);
  expect(handled?.reply).toMatchObject({ state: "expired" });
  expect(await handled?.late).toBeUndefined();
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("every running handler is told when the process stops", async () => {
  const signals: AbortSignal[] = [];
  const { invoke, stop } = createInvokerStage((_, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  for (let count = 0; count < 20; count += 1) invoke();
  stop.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual(Array.from({ length: 20 }, () => true));
});

test("a deadline further away than timers reach does not fire at once", async () => {
  const { invoke, time } = createInvokerStage(
    () => new Promise((resolve) => time.setTimeout(() => resolve({ greeting: "in time" }), 1_000)),
  );
  const running = invoke({ deadline: time.now() + 2 ** 40 });
  await time.elapse(1_000);
  expect(answerOf(await running.result)?.reply).toMatchObject({ state: "succeeded" });
});

test("a handler that has blocked the process beyond the deadline has expired, and its reply is late", async () => {
  const { invoke, time } = createInvokerStage(() => {
    time.advance(20_000);
    return { greeting: "too late" };
  });
  const handled = answerOf(await invoke().result);
  expect(handled?.reply).toMatchObject({ state: "expired" });
  expect(await handled?.late).toMatchObject({ state: "succeeded", data: { greeting: "too late" } });
});
