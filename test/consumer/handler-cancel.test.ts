import { expect, test } from "vitest";
import { RetryableError } from "../../consumer/handler.ts";
import { createTellStage, type Tell } from "./invoker-stage.ts";

type Context = Parameters<Tell>[1];

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

/** A handler that runs until somebody cancels its request, and then ends so. */
const setUp = (end: (context: Context) => Promise<string> | string) => {
  const stage = createTellStage(async (_, context) => {
    await aborted(context.signal);
    return end(context);
  });
  return { ...stage, running: stage.invoke() };
};

test("the signal aborts and says why, and the request is cancelled when the handler has ended", async () => {
  const { running, cancel, log } = setUp(({ signal }) => {
    throw signal.reason;
  });
  cancel();
  const result = await running.result;
  expect(result).toMatchObject({ kind: "reply", reply: { state: "cancelled", attempt: 1 } });
  expect(result?.kind === "reply" && result.reply.data).toBeUndefined();
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("the reason of the signal is an AbortError with a sentence", async () => {
  let reason: unknown;
  const { running, cancel } = setUp(({ signal }) => {
    reason = signal.reason;
    return "done";
  });
  cancel();
  await running.result;
  expect(reason).toMatchObject({ name: "AbortError", message: "The request was cancelled." });
});

test("it is not cancelled while its handler runs, which keeps its place", async () => {
  const end = Promise.withResolvers<string>();
  const { running, cancel, time } = setUp(() => end.promise);
  cancel();
  let hasEnded = false;
  void running.ended.then(() => (hasEnded = true));
  await time.elapse(4_000);
  expect(hasEnded).toBe(false);
  end.reject(new Error("too late to go on"));
  expect(await running.result).toMatchObject({ reply: { state: "cancelled" } });
});

test("a reply that comes nevertheless is true, and so is an error that is an answer", async () => {
  const replied = setUp(() => "done");
  replied.cancel();
  expect(await replied.running.result).toMatchObject({ reply: { state: "succeeded", data: "done" } });
  const refused = setUp(({ errors }) => {
    throw errors.TOLD("It is on its way already.");
  });
  refused.cancel();
  expect(await refused.running.result).toMatchObject({ reply: { state: "failed", data: { code: "TOLD" } } });
});

test("what would be handled again is cancelled instead", async () => {
  const { running, cancel } = setUp(() => {
    throw new RetryableError("PRINTER_AWAY", "The printer is away.");
  });
  cancel();
  expect(await running.result).toMatchObject({ reply: { state: "cancelled" } });
});

test("a handler that gives something away is told there that nobody wants it any more", async () => {
  const { running, cancel } = setUp(async ({ emit }) => {
    await emit("a");
    return "done";
  });
  cancel();
  expect(await running.result).toMatchObject({ reply: { state: "cancelled" } });
});

test("a handler that waits for room to emit is let go", async () => {
  const given = Promise.withResolvers<void>();
  const { invoke, cancel, holdBack, processing } = createTellStage(async (_, { emit }) => {
    given.resolve();
    for (;;) await emit("x".repeat(30_000));
  });
  holdBack();
  const running = invoke();
  await given.promise;
  await expect.poll(() => processing.length).toBeGreaterThan(0);
  cancel();
  expect(await running.result).toMatchObject({ reply: { state: "cancelled" } });
});

test("the deadline of a cancelled request passes as ever", async () => {
  const end = Promise.withResolvers<string>();
  const { running, cancel, time } = setUp(() => end.promise);
  cancel();
  await time.elapse(5_000);
  const result = await running.result;
  expect(result).toMatchObject({ reply: { state: "expired" } });
  end.reject(new Error("too late"));
  expect(result?.kind === "reply" && (await result.late)).toBeUndefined();
});

test("a request that was cancelled before its turn does not start", async () => {
  let hasStarted = false;
  const { invoke, cancel } = createTellStage(() => {
    hasStarted = true;
    return "done";
  });
  cancel();
  expect(await invoke().result).toMatchObject({ kind: "reply", reply: { state: "cancelled" } });
  expect(hasStarted).toBe(false);
});

test("others run on", async () => {
  const end = Promise.withResolvers<string>();
  const { invoke, cancel } = createTellStage(() => end.promise);
  const other = invoke({ correlationId: "another" });
  cancel();
  end.resolve("done");
  expect(await other.result).toMatchObject({ reply: { state: "succeeded" } });
});
