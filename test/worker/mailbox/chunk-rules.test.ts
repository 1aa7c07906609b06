import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_CHUNKS, MAX_CHUNKS_BYTES } from "../../../protocol/limits.ts";
import { addChunks, type ChunkChange, closeExecution } from "../../../worker/mailbox/chunk-rules.ts";
import type { ChunkCount } from "../../../worker/status-store.ts";

const emit = (current: ChunkCount | undefined, execution: string, first: number, ...texts: string[]) =>
  addChunks(current, { execution, first, texts }, 1);
const countOf = (change: ReturnType<typeof emit>): ChunkCount => (change as ChunkChange).count;

test("chunks are added behind those of the same run, and those that are there already are left out", () => {
  const one = countOf(emit(undefined, "a", 0, "1", "2"));
  expect(one).toEqual({ execution: "a", count: 2, bytes: 2, earlier: [] });
  expect(emit(one, "a", 0, "1", "2")).toBe("duplicate");
  expect(emit(one, "a", 1, "2", '"ü"')).toEqual({
    count: { execution: "a", count: 3, bytes: 6, earlier: [] },
    added: { version: 1, execution: "a", first: 2, texts: ['"ü"'] },
    replaces: false,
  });
});

test("chunks that leave a gap are refused", () => {
  expect(emit(countOf(emit(undefined, "a", 0, "1")), "a", 2, "3")).toBe("refused");
});

test("the first chunk of another run replaces all, and what comes of the run before is dropped", () => {
  const one = countOf(emit(undefined, "a", 0, "1", "2"));
  expect(emit(one, "b", 1, "4")).toBe("duplicate");
  const change = emit(one, "b", 0, "3");
  expect(change).toMatchObject({ count: { execution: "b", count: 1, bytes: 1, earlier: ["a"] }, replaces: true });
  for (const first of [0, 1, 2]) expect(emit(countOf(change), "a", first, "1")).toBe("duplicate");
});

test("a request that is sent again has no chunks, and none of its earlier runs come back", () => {
  const closed = closeExecution(countOf(emit(undefined, "a", 0, "1")));
  expect(closed).toEqual({ execution: null, count: 0, bytes: 0, earlier: ["a"] });
  expect(emit(closed, "a", 0, "1")).toBe("duplicate");
  expect(emit(closed, "b", 0, "1")).toMatchObject({ count: { execution: "b", count: 1, earlier: ["a"] } });
});

test("what is more than a request may have is refused, and what fits is not", () => {
  const many = (count: number) => Array.from({ length: count }, () => "1");
  const full = countOf(emit(undefined, "a", 0, ...many(MAX_CHUNKS)));
  expect(full.count).toBe(MAX_CHUNKS);
  expect(emit(full, "a", MAX_CHUNKS, "1")).toBe("refused");
  const half = JSON.stringify("x".repeat(MAX_CHUNKS_BYTES / 2 - 2));
  const large = countOf(emit(undefined, "a", 0, half, half));
  expect(large.bytes).toBe(MAX_CHUNKS_BYTES);
  expect(emit(large, "a", 2, "1")).toBe("refused");
  expect(emit(large, "b", 0, "1")).toMatchObject({ count: { count: 1 } });
});

test("whatever is sent again, and however it is cut, a run has each of its chunks once and in order", () => {
  const cuts = fc.array(fc.record({ from: fc.nat(20), length: fc.integer({ min: 1, max: 6 }) }));
  fc.assert(
    fc.property(cuts, (batches) => {
      let count: ChunkCount | undefined;
      const kept: string[] = [];
      for (const { from, length } of batches) {
        const change = emit(count, "a", from, ...Array.from({ length }, (_, index) => String(from + index)));
        if (typeof change === "string") continue;
        expect(change.added.first).toBe(kept.length);
        kept.push(...change.added.texts);
        count = change.count;
      }
      expect(kept).toEqual(kept.map((_, index) => String(index)));
      expect(count?.count ?? 0).toBe(kept.length);
    }),
  );
});
