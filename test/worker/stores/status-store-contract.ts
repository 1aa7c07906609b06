import { describe, expect, test } from "vitest";
import type { StatusStore, StoredStatus } from "../../../worker/status-store.ts";
import { createId, emitting, keyOf, replyFor } from "../support/worker.ts";

/** What every store of statuses does, as far as it says that it can. `create` is called once a test. */
export const testStatusStore = (name: string, create: () => StatusStore): void => {
  describe(`the ${name} status store`, () => {
    const { capabilities, cancel } = create();
    const canCancel = cancel !== undefined;

    test("knows nothing of a request without a reply but that it is accepted", async () => {
      expect(await create().read(keyOf(await createId()), 0)).toBeUndefined();
    });

    test("keeps a reply as it was delivered", async () => {
      const store = create();
      const id = await createId();
      expect(await store.write([replyFor(id, { httpStatus: 201 })])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({
        state: "succeeded",
        operation: "sum",
        httpStatus: 201,
        version: 1,
        body: '{"sum":5}',
      });
    });

    test("keeps where the commit of a command is, also of one that was refused", async () => {
      const store = create();
      const commit = { position: "account.3.17.generation", aggregateVersion: 7 };
      for (const state of ["succeeded", "failed"] as const) {
        const id = await createId();
        expect(await store.write([replyFor(id, { state, commit })])).toEqual(["stored"]);
        expect(await store.read(keyOf(id), 0)).toMatchObject({ state, details: commit });
      }
    });

    test("keeps each of many replies of one batch under its own request", async () => {
      const store = create();
      const ids = await Promise.all(Array.from({ length: 20 }, (_, shard) => createId({ shard: shard % 3 })));
      const outcomes = await store.write(ids.map((id, index) => replyFor(id, { body: String(index) })));
      expect(outcomes).toEqual(ids.map(() => "stored"));
      const read = await Promise.all(ids.map((id) => store.read(keyOf(id), 0)));
      expect(read.map((status) => (typeof status === "object" ? status.body : status))).toEqual(ids.map((_, index) => String(index)));
    });

    test("says expired when the deadline is long past, and never anything else from then on", async () => {
      const store = create();
      const id = await createId({ agoMs: 200_000 });
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired", httpStatus: 504 });
      expect(await store.write([replyFor(id)])).toEqual(["late"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired" });
    });

    test.runIf(capabilities.lateReplies)("keeps the first late reply beside expired, as one version more", async () => {
      const store = create();
      const id = await createId({ agoMs: 200_000 });
      const expired = await store.read(keyOf(id), 0);
      expect(expired).toMatchObject({ state: "expired", version: 1, lateReply: null });
      expect(await store.write([replyFor(id), replyFor(id, { body: '{"sum":6}' })])).toEqual(["late", "late"]);
      const status = await store.read(keyOf(id), 0);
      expect(status).toMatchObject({
        state: "expired",
        httpStatus: 504,
        version: 2,
        operation: "sum",
        body: (expired as StoredStatus).body,
      });
      expect(JSON.parse((status as StoredStatus).lateReply ?? "")).toMatchObject({ state: "succeeded", reply: { sum: 5 } });
    });

    test.runIf(!capabilities.lateReplies)("drops a late reply", async () => {
      const store = create();
      const id = await createId({ agoMs: 200_000 });
      expect(await store.write([replyFor(id)])).toEqual(["late"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired", lateReply: null });
    });

    test.runIf(!capabilities.duplicates)("overwrites a reply by a second one", async () => {
      const store = create();
      const id = await createId();
      expect(await store.write([replyFor(id)])).toEqual(["stored"]);
      expect(await store.write([replyFor(id, { body: '{"sum":6}' })])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ body: '{"sum":6}' });
    });

    test("still takes a reply within a minute after the deadline", async () => {
      const store = create();
      const id = await createId({ agoMs: 60_000 });
      expect(await store.write([replyFor(id)])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
    });

    test.runIf(capabilities.duplicates)("answers a duplicate delivery without overwriting", async () => {
      const store = create();
      const id = await createId();
      const first = replyFor(id);
      expect(await store.write([first, replyFor(id, { body: '{"sum":6}' })])).toEqual(["stored", "duplicate"]);
      expect(await store.write([first])).toEqual(["duplicate"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ version: 1, body: '{"sum":5}' });
    });

    test.runIf(capabilities.lateReplies)("ends a request by a late reply if nobody has asked before", async () => {
      const store = create();
      const id = await createId({ agoMs: 300_000 });
      expect(await store.write([replyFor(id)])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
    });

    test.runIf(capabilities.progress)("shows that a request is being processed", async () => {
      const store = create();
      const id = await createId();
      await store.write([replyFor(id, { state: "processing", body: null, attempt: 1 })]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "processing", version: 1, attempt: 1 });
      await store.write([replyFor(id)]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded", version: 2 });
    });

    test.runIf(capabilities.progress)("shows what a handler says meanwhile, and keeps it beside the reply", async () => {
      const store = create();
      const id = await createId();
      const processing = { state: "processing" as const, body: null };
      await store.write([
        replyFor(id, { ...processing, attempt: 2, news: { progress: '{"percent":40}', lastError: "{}", nextAttemptAt: 5 } }),
      ]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({
        ...{ state: "processing", version: 1, attempt: 2 },
        details: { progress: '{"percent":40}', lastError: "{}", nextAttemptAt: 5 },
      });
      await store.write([replyFor(id)]);
      const { details } = (await store.read(keyOf(id), 0)) as StoredStatus;
      expect([details?.progress, details?.nextAttemptAt]).toEqual(['{"percent":40}', undefined]);
    });

    test.runIf(capabilities.progress)("keeps chunks in their order, and reads those that came after a version", async () => {
      const store = create();
      const id = await createId();
      expect(await store.write([emitting(id, "run", 0, ["1", "2"]), emitting(id, "run", 2, ["3"]), emitting(id, "run", 0, ["1"])])).toEqual(
        [...["stored", "stored", "duplicate"]],
      );
      await store.write([replyFor(id)]);
      expect(await store.readChunks(keyOf(id), 0)).toEqual([
        { version: 1, execution: "run", first: 0, texts: ["1", "2"] },
        { version: 2, execution: "run", first: 2, texts: ["3"] },
      ]);
      expect((await store.readChunks(keyOf(id), 1)).map(({ version }) => version)).toEqual([2]);
      expect(await store.readChunks(keyOf(id), 2)).toEqual([]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded", version: 3, details: { chunks: { count: 3 } } });
    });

    test.runIf(capabilities.progress)("reads the chunks of the latest run alone", async () => {
      const store = create();
      const id = await createId();
      await store.write([emitting(id, "one", 0, ["1", "2"]), emitting(id, "two", 0, ["3"]), emitting(id, "one", 2, ["4"])]);
      expect(await store.readChunks(keyOf(id), 0)).toEqual([{ version: 2, execution: "two", first: 0, texts: ["3"] }]);
    });

    test("has no chunks of a request that nobody has heard of", async () => {
      expect(await create().readChunks(keyOf(await createId()), 0)).toEqual([]);
    });

    test.runIf(canCancel)("says cancelling, once, until the consumer says that it is cancelled", async () => {
      const store = create();
      const id = await createId();
      const cancel = () => store.cancel?.(keyOf(id));
      expect(await cancel()).toMatchObject({ state: "cancelling", version: 1 });
      expect(await cancel()).toMatchObject({ state: "cancelling", version: 1 });
      await store.write([replyFor(id, { state: "processing", body: null, attempt: 1 })]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "cancelling", version: 2, attempt: 1 });
      await store.write([replyFor(id, { state: "cancelled", httpStatus: 409, body: "{}" })]);
      expect(await cancel()).toMatchObject({ state: "cancelled", version: 3 });
    });

    test.runIf(canCancel)("wakes who knows the state when somebody wants to cancel", async () => {
      const store = create();
      const id = await createId();
      const waiting = store.read(keyOf(id), 20_000, [0]);
      await store.cancel?.(keyOf(id));
      expect(await waiting).toMatchObject({ state: "cancelling", version: 1 });
    });

    test.runIf(canCancel)("ends a request that is long overdue rather than cancel it", async () => {
      const id = await createId({ agoMs: 200_000 });
      expect(await create().cancel?.(keyOf(id))).toMatchObject({ state: "expired", version: 1 });
    });

    test.runIf(capabilities.wait)("wakes every caller who waits for the reply", async () => {
      const store = create();
      const id = await createId();
      const waits = [store.read(keyOf(id), 20_000), store.read(keyOf(id), 20_000)];
      await store.write([replyFor(id, { state: "processing", body: null }), replyFor(id)]);
      expect(await Promise.all(waits)).toMatchObject([{ state: "succeeded" }, { state: "succeeded" }]);
    });

    test.runIf(capabilities.wait)("wakes a caller who knows the state at the next one", async () => {
      const store = create();
      const id = await createId();
      const accepted = store.read(keyOf(id), 20_000, [0]);
      await store.write([replyFor(id, { state: "processing", body: null })]);
      expect(await accepted).toMatchObject({ state: "processing", version: 1 });
      const processing = store.read(keyOf(id), 20_000, [1, 0]);
      await store.write([replyFor(id)]);
      expect(await processing).toMatchObject({ state: "succeeded", version: 2 });
    });

    test.runIf(capabilities.wait)("lets nobody wait who does not know the state yet", async () => {
      const store = create();
      const id = await createId();
      await store.write([replyFor(id, { state: "processing", body: null })]);
      expect(await store.read(keyOf(id), 20_000, [0])).toMatchObject({ state: "processing", version: 1 });
    });

    test.runIf(capabilities.wait)("answers what it knows when the wait is over", async () => {
      const store = create();
      const id = await createId();
      await store.write([replyFor(id, { state: "processing", body: null })]);
      expect(await store.read(keyOf(id), 20)).toMatchObject({ state: "processing" });
    });
  });
};
