import { expect, test } from "vitest";
import { readEvents, type StreamEvent } from "../../client/event-stream.ts";
import { event } from "./scripted-server.ts";

const TEXT = ["retry: 1000\n\n", event("chunk", "1.1", "Grüße 🌍"), ": keep-alive\n\n", event("status", "1", { state: "succeeded" })].join(
  "",
);
const EVENTS = [
  { type: "chunk", id: "1.1", data: "Grüße 🌍" },
  { type: "status", id: "1", data: { state: "succeeded" } },
];

const streamOf = (...parts: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });

const readAll = async (...parts: readonly Uint8Array<ArrayBuffer>[]): Promise<readonly StreamEvent[]> => {
  const all: StreamEvent[] = [];
  await readEvents(streamOf(...parts), (events) => {
    all.push(...events);
    return false;
  });
  return all;
};

test("the same events are read wherever the network cuts the bytes", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; at++) expect(await readAll(bytes.slice(0, at), bytes.slice(at))).toEqual(EVENTS);
});

test("what has not come whole is not read", async () => {
  expect(await readAll(new TextEncoder().encode(TEXT.slice(0, -2)))).toEqual(EVENTS.slice(0, 1));
});

test("nothing is read any more once that is enough", async () => {
  const bytes = new TextEncoder().encode(event("chunk", "1", "a"));
  let count = 0;
  await readEvents(streamOf(bytes, bytes, bytes), () => ++count === 2);
  expect(count).toBe(2);
});
