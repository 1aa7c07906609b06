import { expect, onTestFinished, test, vi } from "vitest";
import type { Submission } from "../../client/index.ts";
import { failureOf, openClient, SUM } from "./opened-client.ts";
import {
  cutStream,
  event,
  ID,
  pending,
  refused,
  silence,
  statusBody,
  streaming,
  succeeded,
  type Step,
  unchanged,
  underWay,
  statusStep,
} from "./scripted-server.ts";

const chunk = (id: string, data: unknown): string => event("chunk", id, data);
const end = (version: number): string => event("status", String(version), statusBody("succeeded", version, { reply: { sum: 5 } }));

/** A request whose first news has one chunk, `a`, and what the server answers from then on. */
const submitWithChunk = async (...script: readonly Step[]) => {
  const { client, server } = await openClient(pending(), underWay(1, { chunks: ["a"] }), ...script);
  return { client, server, submission: client.submit("sum", SUM) };
};

const chunksOf = async (submission: Submission<unknown>, onReset?: () => void): Promise<unknown[]> => {
  const chunks: unknown[] = [];
  for await (const one of submission.chunks(onReset === undefined ? {} : { onReset })) chunks.push(one);
  return chunks;
};

/** What each status says of progress, chunks and end. */
const newsOf = async (submission: Submission<unknown>): Promise<unknown[]> => {
  const news: unknown[] = [];
  for await (const { state, version, progress, chunks } of submission) news.push({ state, version, progress, chunks });
  return news;
};

test("a request that says how far it is is followed by a stream, from what is known to the end", async () => {
  const { client, server } = await openClient(
    pending(),
    underWay(1, { progress: { percent: 10 } }),
    streaming(event("progress", "2", { percent: 40 }), end(3)),
  );
  const submission = client.submit("sum", SUM);
  const news: unknown[] = [];
  submission.onChange(({ version, progress }) => news.push([version, progress]));
  expect(await submission.reply).toEqual({ sum: 5 });
  expect(news.slice(0, 2)).toEqual([
    [0, undefined],
    [1, { percent: 10 }],
  ]);
  expect(news.at(-1)).toEqual([3, undefined]);
  expect(server.calls).toEqual(["POST /requests/sum wait=0", `GET /status/${ID} wait=25`, `GET /status/${ID} wait=25`]);
  expect(server.resumedAfter).toEqual(["1"]);
});

test("a request that says nothing is never followed by a stream", async () => {
  const { client, server } = await openClient(pending(), unchanged, pending("processing", 1), succeeded({ sum: 5 }));
  await client.submit("sum", SUM).reply;
  expect(server.resumedAfter).toEqual([]);
});

test("each chunk is given once and in order, whatever cuts the stream", async () => {
  const { submission, server } = await submitWithChunk(
    cutStream(chunk("2.1", "b"), chunk("2.2", "c"), "event: chunk\nid: 2\nda"),
    refused("STORE_UNAVAILABLE"),
    cutStream(": still there\n\n", chunk("2", "d")),
    streaming(chunk("3", "e"), end(4)),
  );
  expect(await chunksOf(submission)).toEqual(["a", "b", "c", "d", "e"]);
  expect(server.resumedAfter).toEqual(["1", "2.2", "2.2", "2"]);
});

test("statuses have all chunks so far, and so has the last one", async () => {
  const { submission } = await submitWithChunk(cutStream(chunk("2", "b")), streaming(chunk("3.1", "c"), chunk("3", "d"), end(4)));
  expect(await newsOf(submission)).toEqual([
    { state: "accepted", version: 0 },
    { state: "processing", version: 1, chunks: ["a"] },
    { state: "processing", version: 2, chunks: ["a", "b"] },
    { state: "succeeded", version: 4, chunks: ["a", "b", "c", "d"] },
  ]);
});

test("chunks that come after the iteration was left are there for the next, from the first", async () => {
  const { submission } = await submitWithChunk(streaming(chunk("2", "b"), end(3)));
  for await (const first of submission.chunks()) {
    expect(first).toBe("a");
    break;
  }
  await submission.reply;
  expect(await chunksOf(submission)).toEqual(["a", "b"]);
});

test("another run of the handler begins the chunks anew, and says so before its first", async () => {
  const { submission } = await submitWithChunk(cutStream(chunk("2", "b")), streaming(event("reset", "3", {}), chunk("4", "A"), end(5)));
  const heard: unknown[] = [];
  for await (const one of submission.chunks({ onReset: () => heard.push("reset") })) heard.push(one);
  expect(heard).toEqual(["a", "b", "reset", "A"]);
});

test("who does not listen for another run is not given its chunks as if they followed", async () => {
  const { submission } = await submitWithChunk(cutStream(chunk("2", "b")), streaming(event("reset", "3", {}), chunk("4", "A"), end(5)));
  expect(await failureOf(chunksOf(submission))).toMatchObject({
    code: "CHUNKS_RESET",
    correlationId: ID,
    message: expect.stringContaining("onReset"),
  });
  expect(await submission.reply).toEqual({ sum: 5 });
});

test("a server without streams is asked by polls, which tell of chunks and of another run as well", async () => {
  const { submission, server } = await submitWithChunk(
    underWay(2, { chunks: ["a", "b"] }),
    underWay(3, { chunks: ["A"] }),
    statusStep("succeeded", { version: 4, chunks: ["A", "B"], reply: { sum: 5 } }),
  );
  const heard: unknown[] = [];
  for await (const one of submission.chunks({ onReset: () => heard.push("reset") })) heard.push(one);
  expect(heard).toEqual(["a", "b", "reset", "A", "B"]);
  expect([server.resumedAfter, server.known.slice(-2)]).toEqual([["1"], ['"2"', '"3"']]);
});

/** Ends what an exchange may take, when it is called, as if that time had passed. */
const turnEnds = (): (() => void) => {
  let last = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => (last = new AbortController()).signal);
  onTestFinished(() => timeout.mockRestore());
  return () => last.abort(new DOMException("", "TimeoutError"));
};

test("where nothing of a stream gets through, polls go on", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const { submission, server } = await submitWithChunk(silence, statusStep("succeeded", { chunks: ["a", "b"], reply: { sum: 5 } }));
  const chunks = chunksOf(submission);
  await server.arrived(3);
  const [endSilence] = timers.mock.calls.find(([, ms]) => ms === 8_000) as [() => void];
  endSilence();
  expect(await chunks).toEqual(["a", "b"]);
  expect(server.resumedAfter).toEqual(["1"]);
});

test("a server whose store cannot stream is asked by polls", async () => {
  const { submission, server } = await submitWithChunk(
    refused("NOT_SUPPORTED"),
    statusStep("succeeded", { chunks: ["a", "b"], reply: { sum: 5 } }),
  );
  expect(await chunksOf(submission)).toEqual(["a", "b"]);
  expect(server.resumedAfter).toEqual(["1"]);
});

test("a poll after a part of what came with a version asks for all of that version", async () => {
  const { submission, server } = await submitWithChunk(
    cutStream(chunk("2.1", "b")),
    refused("NOT_SUPPORTED"),
    statusStep("succeeded", { version: 3, chunks: ["a", "b", "c"], reply: { sum: 5 } }),
  );
  expect(await chunksOf(submission)).toEqual(["a", "b", "c"]);
  expect([server.resumedAfter, server.known.at(-1)]).toEqual([["1", "2.1"], '"1"']);
});

test("a stream that still tells something is asked for anew at once when its turn is over", async () => {
  const endTurn = turnEnds();
  const pauses = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => pauses.mockRestore());
  const { submission, server } = await submitWithChunk(streaming(chunk("2", "b")), streaming(end(3)));
  submission.onChange(({ version }) => version === 2 && endTurn());
  expect(await submission.reply).toEqual({ sum: 5 });
  expect(server.resumedAfter).toEqual(["1", "2"]);
  expect(pauses).not.toHaveBeenCalledWith(
    expect.any(Function),
    expect.toSatisfy((ms: number) => ms >= 250 && ms <= 500),
  );
});

test("who ends the wait ends the stream", async () => {
  const closed = Promise.withResolvers<void>();
  const { client, submission } = await submitWithChunk((response, request) => {
    response.once("close", closed.resolve);
    streaming(chunk("2", "b"))(response, request);
  });
  const chunks = failureOf(chunksOf(submission));
  for await (const { version } of submission) if (version === 2) break;
  client.close();
  await closed.promise;
  expect(await chunks).toMatchObject({ code: "CLOSED" });
});
