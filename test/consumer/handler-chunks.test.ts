import { expect, test } from "vitest";
import { MAX_CHUNKS, MAX_CHUNKS_BYTES } from "../../protocol/limits.ts";
import { createTellStage, runTell } from "./invoker-stage.ts";

const setUp = async () => {
  const stage = await runTell();
  const emitted = () => stage.processing.filter((reply) => reply.emitted !== undefined);
  return { ...stage, emitted, batches: () => emitted().map(({ data }) => data) };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("chunks of one turn leave together, those that come meanwhile together in the next batch, all in order", async () => {
  const { context, emitted, batches, holdBack } = await setUp();
  const arrive = holdBack();
  for (const chunk of ["a", "b"]) void context.emit(chunk);
  await turn();
  expect(batches()).toEqual([["a", "b"]]);
  for (const chunk of ["c", "d"]) {
    await context.emit(chunk);
    await turn();
  }
  expect(batches()).toHaveLength(1);
  arrive();
  await turn();
  expect(batches()).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  const [first, second] = emitted();
  expect([first?.emitted?.first, second?.emitted?.first]).toEqual([0, 2]);
  expect(first).toMatchObject({ state: "processing", attempt: 1 });
  expect(second?.emitted?.execution).toBe(first?.emitted?.execution);
});

test("each run of a handler begins its chunks anew", async () => {
  const { invoke, processing } = createTellStage(async (_, { emit }) => {
    await emit("a");
    return "done";
  });
  for (const attempt of [1, 2]) await invoke({}, attempt).result;
  expect(processing.map(({ emitted }) => emitted?.first)).toEqual([0, 0]);
  expect(new Set(processing.map(({ emitted }) => emitted?.execution)).size).toBe(2);
});

test("what still waits when the handler ends goes before its reply", async () => {
  const { context, running, end, batches, holdBack } = await setUp();
  holdBack();
  await context.emit("a");
  await turn();
  await context.emit("b");
  end("done");
  await running.result;
  expect(batches()).toEqual([["a"], ["b"]]);
  await expect(context.emit("c")).rejects.toThrow('Expected chunk of operation "tell" before its handler has ended.');
});

test("a handler that emits faster than can be sent waits", async () => {
  const { context, holdBack, batches } = await setUp();
  const arrive = holdBack();
  const chunk = "x".repeat(40_000);
  await context.emit(chunk);
  await turn();
  await context.emit(chunk);
  let isFree = false;
  const waiting = context.emit(chunk).then(() => (isFree = true));
  await turn();
  expect(isFree).toBe(false);
  arrive();
  await waiting;
  expect(batches().map((batch) => (batch as string[]).length)).toEqual([1, 2]);
});

test("10,000 chunks are taken, and one more ends the request, unless the handler catches it", async () => {
  let emitted = 0;
  const { invoke, processing } = createTellStage(async (_, { emit }) => {
    for (;;) {
      await emit("x");
      emitted += 1;
    }
  });
  expect(await invoke().result).toMatchObject({
    kind: "reply",
    reply: {
      state: "failed",
      data: { status: 500, code: "TOO_MANY_CHUNKS", detail: "Expected the handler to emit at most 10000 chunks." },
    },
  });
  expect(emitted).toBe(MAX_CHUNKS);
  expect(processing.flatMap(({ data }) => data)).toHaveLength(MAX_CHUNKS);
});

test.each([
  ["all chunks together", 10_000, `chunks of at most ${MAX_CHUNKS_BYTES} bytes together`],
  ["a single chunk", 300_000, "a chunk of at most 262144 bytes, got 300003"],
])("too many bytes of %s end the request, too", async (_, length, detail) => {
  const { invoke } = createTellStage(async (__, { emit }) => {
    for (;;) await emit("x".repeat(length));
  });
  expect(await invoke().result).toMatchObject({ reply: { data: { code: "TOO_MANY_CHUNKS", detail: expect.stringContaining(detail) } } });
});

test("a handler that does not await its chunks keeps their order, in batches that can be sent", async () => {
  const { context, running, end, batches } = await setUp();
  const chunks = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(30_000));
  for (const chunk of chunks) void context.emit(chunk);
  end("done");
  await running.result;
  expect(batches().flat()).toEqual(chunks);
  for (const batch of batches()) expect(JSON.stringify(batch).length).toBeLessThan(262_144);
});

test("a chunk that does not fit the schema is refused in the handler, and holds up no other", async () => {
  const { context, batches } = await setUp();
  await expect(context.emit(7 as never)).rejects.toThrow(/^Expected a chunk of operation "tell" to fit its schema\. /);
  await context.emit("a");
  await turn();
  expect(batches()).toEqual([["a"]]);
});
