import fc from "fast-check";
import { expect, test } from "vitest";
import { createStatusEvents } from "../../../worker/routes/status-events.ts";
import { createStatusNews, readPosition } from "../../../worker/routes/status-news.ts";
import type { NewReply, StatusStore, StoredStatus } from "../../../worker/status-store.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { type TestEvent, readEvents } from "../support/events.ts";
import { createTestKv, dropTables, openMailbox } from "../support/mailbox.ts";
import { createId, replyFor } from "../support/worker.ts";

/** What a handler does next: emits so many chunks, perhaps in a run of its own after a crash, or says how far it is. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("emit" as const), count: fc.integer({ min: 1, max: 3 }), isNewRun: fc.boolean() }),
  fc.record({ kind: fc.constant("progress" as const), percent: fc.integer({ min: 0, max: 100 }) }),
);

/** A connection that is cut after so many events, and what happens until there is another. */
const connection = fc.record({ events: fc.integer({ min: 0, max: 4 }), stepsBefore: fc.integer({ min: 0, max: 3 }) });

test("a reader who is cut off again and again has the chunks of one who never was, in their order and each once", async () => {
  await host.inStorage((storage) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.array(connection, { maxLength: 12 }), async (steps, connections) => {
        dropTables(storage);
        const id = await createId();
        const { mailbox } = openMailbox(storage, { kv: createTestKv().kv, now: Date.now });
        const replies = repliesOf(id, steps);
        const [last, whole, cut] = [replies.at(-1), createReader(), createReader()];
        const happen = async (): Promise<void> => {
          const reply = replies.shift();
          if (reply !== undefined) await mailbox.write([reply]);
        };
        /** Something happens whenever a reader waits, and between two reads for one, as long as anything does. */
        const statuses: Pick<StatusStore, "read" | "readChunks"> = {
          async readChunks(key, afterVersion) {
            await happen();
            return mailbox.readChunks(key, afterVersion);
          },
          async read(key, waitMs, known = []) {
            if (waitMs > 0) await happen();
            for (;;) {
              const status = await mailbox.read(key, 0);
              if (waitMs === 0 || !known.includes((status as StoredStatus | undefined)?.version ?? 0)) return status;
              if (replies.length === 0) return "overloaded";
              // What happened was nothing new, as when the same progress is told twice.
              await happen();
            }
          },
        };
        const openStream = createStatusEvents({ statuses, now: Date.now });

        for (const { events, stepsBefore } of connections) {
          for (let count = 0; count < stepsBefore; count++) await happen();
          await cut.connect(openStream(id, cut.lastEventId), events);
        }
        await cut.connect(openStream(id, cut.lastEventId));
        await whole.connect(openStream(id, undefined));

        expect(cut.state).toEqual(whole.state);
        expect(whole.state.status).toMatchObject({ state: last?.state });
        expect(whole.state.chunks).toEqual(
          (await mailbox.readChunks(id, 0)).flatMap(({ texts }) => texts.map((text) => JSON.parse(text) as unknown)),
        );
        expect((await openStream(id, cut.lastEventId)).status).toBe(204);
      }),
      { numRuns: 150 },
    ),
  );
});

test("a reader of a request that is sent again is told once that its chunks are gone", async () => {
  const news = createStatusNews(await createId(), readPosition("5"), { readChunks: async () => [] });
  const reopened = {
    state: "accepted",
    updatedAt: 0,
    operation: "sum",
    httpStatus: 202,
    attempt: null,
    body: null,
    lateReply: null,
  } as const;
  const chunks = { execution: null, count: 0, bytes: 0, earlier: ["run-1"] };
  expect(await news.tell({ ...reopened, version: 6, details: { chunks } })).toMatch(/^id: 6\.0\nevent: reset\n[^]*id: 6\nevent: status\n/);
  expect(await news.tell({ ...reopened, version: 7, attempt: 1, details: { chunks } })).toMatch(/^id: 7\nevent: status\n/);
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The replies of a handler that does all that and then ends. */
const repliesOf = (id: Awaited<ReturnType<typeof createId>>, steps: readonly Step[]): NewReply[] => {
  let run = 0;
  let first = 0;
  let chunk = 0;
  const processing = { state: "processing", httpStatus: 202, body: null } as const;
  const replies = steps.map((one): NewReply => {
    if (one.kind === "progress") return replyFor(id, { ...processing, news: { progress: JSON.stringify({ percent: one.percent }) } });
    if (one.isNewRun) [run, first] = [run + 1, 0];
    const texts = Array.from({ length: one.count }, () => JSON.stringify(`chunk ${++chunk}`));
    const reply = replyFor(id, { ...processing, emitted: { execution: `run-${run}`, first, texts } });
    first += one.count;
    return reply;
  });
  return [...replies, replyFor(id)];
};

/** A page with an EventSource: what it shows, and what it would send as `Last-Event-ID`. */
const createReader = () => {
  const state: { chunks: unknown[]; progress?: unknown; status?: unknown } = { chunks: [] };
  let lastEventId: string | undefined;
  const take = ({ id, event, data }: TestEvent): void => {
    lastEventId = id ?? lastEventId;
    if (event === "reset") state.chunks = [];
    if (event === "chunk") state.chunks.push(data);
    if (event === "progress") state.progress = data;
    if (event === "status") state.status = data;
  };
  return {
    state,
    get lastEventId() {
      return lastEventId;
    },
    /** Reads a stream to its end, or so many of its events. */
    async connect(opening: Promise<Response>, most = Number.POSITIVE_INFINITY): Promise<void> {
      const response = await opening;
      if (response.status === 204) return;
      const events = readEvents(response);
      for (let count = 0; count < most;) {
        const event = await events.next();
        if (event === undefined) return;
        take(event);
        if (event.event !== undefined) count++;
      }
      await events.cancel();
    },
  };
};
