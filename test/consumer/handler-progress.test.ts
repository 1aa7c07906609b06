import { expect, test } from "vitest";
import { createTellStage, runTell } from "./invoker-stage.ts";

const setUp = async () => {
  const stage = await runTell(3);
  return { ...stage, values: () => stage.processing.map(({ data }) => data) };
};

test("the first progress leaves at once, with the number of the attempt, and says that the request is processed", async () => {
  const { context, processing, request, time } = await setUp();
  await context.progress({ percent: 10 });
  expect(processing).toMatchObject([
    { correlationId: request.correlationId, state: "processing", attempt: 3, data: { progress: { percent: 10 } } },
  ]);
  await time.elapse(4_000);
  expect(processing).toHaveLength(1);
});

test("a handler that says at once how far it is, is not reported as processing again", async () => {
  const never = new Promise<string>(() => {});
  const { invoke, processing, time } = createTellStage((_, { progress }) => progress({ percent: 0 }).then(() => never));
  invoke();
  await time.elapse(4_000);
  expect(processing).toMatchObject([{ data: { progress: { percent: 0 } } }]);
});

test("of more values, the latest leaves once a second", async () => {
  const { context, time, values } = await setUp();
  for (let percent = 0; percent <= 50; percent++) await context.progress({ percent });
  expect(values()).toEqual([{ progress: { percent: 0 } }]);
  await time.elapse(999);
  expect(values()).toHaveLength(1);
  await time.elapse(1);
  expect(values().slice(1)).toEqual([{ progress: { percent: 50 } }]);
  await time.elapse(500);
  await context.progress({ percent: 60 });
  await time.elapse(499);
  expect(values()).toHaveLength(2);
  await time.elapse(1);
  expect(values().slice(2)).toEqual([{ progress: { percent: 60 } }]);
  await time.elapse(1_500);
  await context.progress({ percent: 70 });
  expect(values().slice(3)).toEqual([{ progress: { percent: 70 } }]);
});

test("while the Worker is away, values do not pile up", async () => {
  const { context, time, values, holdBack } = await setUp();
  const arrive = holdBack();
  for (let percent = 0; percent < 4; percent++) {
    await context.progress({ percent });
    await time.elapse(1_000);
  }
  expect(values()).toHaveLength(1);
  arrive();
  await time.elapse(0);
  expect(values().slice(1)).toEqual([{ progress: { percent: 3 } }]);
});

test("nothing of it follows the reply", async () => {
  const { context, time, values, running, end } = await setUp();
  await context.progress({ percent: 1 });
  await context.progress({ percent: 99 });
  end("done");
  expect(await running.result).toMatchObject({ kind: "reply", reply: { state: "succeeded", attempt: 3 } });
  await time.elapse(10_000);
  expect(values()).toHaveLength(1);
  expect(time.timers()).toBe(0);
  await expect(context.progress({ percent: 100 })).rejects.toThrow('Expected progress of operation "tell" before its handler has ended.');
});

test.each([
  ["does not fit the schema", { percent: 101 }, TypeError, /^Expected progress of operation "tell" to fit its schema\. \/percent: /],
  ["has another shape", { share: 1 }, TypeError, /to fit its schema/],
])("a value that %s is refused in the handler", async (_, value, type, message) => {
  const { context, values, log } = await setUp();
  const refused = context.progress(value as never);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toBeInstanceOf(type);
  expect(values()).toEqual([]);
  expect(log.lines).toMatchObject([{ level: "warn", msg: "the handler's progress was not taken" }]);
});

test("a value that is too large is refused in the handler, too", async () => {
  const { invoke } = createTellStage(async (_, { progress }) => {
    await progress({ percent: 1, note: "x".repeat(70_000) });
    return "done";
  });
  expect(await invoke().result).toMatchObject({
    kind: "failed",
    cause: { name: "RangeError", message: expect.stringMatching(/to have at most 65536 bytes as JSON, got 700\d\d\.$/) },
  });
});

test("a value that is refused fails the request unless the handler catches it", async () => {
  const { invoke } = createTellStage(async (_, { progress }) => {
    await progress({ percent: 1_000 });
    return "done";
  });
  expect(await invoke().result).toMatchObject({ kind: "failed", problem: { code: "HANDLER_FAILED" } });
});
