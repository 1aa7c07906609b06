import { describe, expect, test } from "vitest";
import type { ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { ReplyStore } from "../../../worker/status-store.ts";
import { createId, deliveryFor, keyOf } from "../support/worker.ts";

const record = (key: string): ProducerRecord => ({ topic: "requests", key, value: "{}", headers: [] });

/** What every reply store does, as far as it says that it can. `create` is called once a test. */
export const testReplyStore = (name: string, create: () => ReplyStore): void => {
  describe(`the ${name} reply store`, () => {
    const { capabilities } = create();

    test("produces a request, and knows nothing of it but that it is accepted", async () => {
      const store = create();
      const id = await createId();
      expect(await store.request(keyOf(id), record(id.text), 0)).toEqual({ outcome: "stored", status: undefined });
      expect(await store.read(keyOf(id), 0)).toBeUndefined();
    });

    test("keeps a reply as it was delivered", async () => {
      const store = create();
      const id = await createId();
      expect(await store.deliver([deliveryFor(id, { httpStatus: 201 })])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({
        state: "succeeded",
        operation: "sum",
        httpStatus: 201,
        version: 1,
        body: '{"sum":5}',
      });
    });

    test("keeps each of many replies of one batch under its own request", async () => {
      const store = create();
      const ids = await Promise.all(Array.from({ length: 20 }, (_, shard) => createId({ shard: shard % 3 })));
      const outcomes = await store.deliver(ids.map((id, index) => deliveryFor(id, { body: String(index) })));
      expect(outcomes).toEqual(ids.map(() => "stored"));
      const read = await Promise.all(ids.map((id) => store.read(keyOf(id), 0)));
      expect(read.map((status) => (typeof status === "object" ? status.body : status))).toEqual(ids.map((_, index) => String(index)));
    });

    test("says expired when the deadline is long past, and never anything else from then on", async () => {
      const store = create();
      const id = await createId({ agoMs: 200_000 });
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired", httpStatus: 504 });
      expect(await store.deliver([deliveryFor(id)])).toEqual(["late"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "expired" });
    });

    test("still takes a reply within a minute after the deadline", async () => {
      const store = create();
      const id = await createId({ agoMs: 60_000 });
      expect(await store.deliver([deliveryFor(id)])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
    });

    test.runIf(capabilities.duplicates)("answers a duplicate delivery without overwriting", async () => {
      const store = create();
      const id = await createId();
      const first = deliveryFor(id);
      expect(await store.deliver([first, deliveryFor(id, { body: '{"sum":6}' })])).toEqual(["stored", "duplicate"]);
      expect(await store.deliver([first])).toEqual(["duplicate"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ version: 1, body: '{"sum":5}' });
    });

    test.runIf(capabilities.progress)("keeps a late reply if nobody has asked before", async () => {
      const store = create();
      const id = await createId({ agoMs: 300_000 });
      expect(await store.deliver([deliveryFor(id)])).toEqual(["stored"]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded" });
    });

    test.runIf(capabilities.progress)("shows that a request is being processed", async () => {
      const store = create();
      const id = await createId();
      await store.deliver([deliveryFor(id, { state: "processing", body: null, attempt: 1 })]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "processing", version: 1, attempt: 1 });
      await store.deliver([deliveryFor(id)]);
      expect(await store.read(keyOf(id), 0)).toMatchObject({ state: "succeeded", version: 2 });
    });

    test.runIf(capabilities.wait)("wakes every caller who waits for the reply", async () => {
      const store = create();
      const id = await createId();
      const waits = [store.request(keyOf(id), record(id.text), 20_000), store.read(keyOf(id), 20_000), store.read(keyOf(id), 20_000)];
      await store.deliver([deliveryFor(id, { state: "processing", body: null }), deliveryFor(id)]);
      const [requested, ...read] = await Promise.all(waits);
      expect(requested).toMatchObject({ outcome: "stored", status: { state: "succeeded" } });
      expect(read).toMatchObject([{ state: "succeeded" }, { state: "succeeded" }]);
    });

    test.runIf(capabilities.wait)("wakes a caller who knows the state at the next one", async () => {
      const store = create();
      const id = await createId();
      const accepted = store.read(keyOf(id), 20_000, [0]);
      await store.deliver([deliveryFor(id, { state: "processing", body: null })]);
      expect(await accepted).toMatchObject({ state: "processing", version: 1 });
      const processing = store.read(keyOf(id), 20_000, [1, 0]);
      await store.deliver([deliveryFor(id)]);
      expect(await processing).toMatchObject({ state: "succeeded", version: 2 });
    });

    test.runIf(capabilities.wait)("lets nobody wait who does not know the state yet", async () => {
      const store = create();
      const id = await createId();
      await store.deliver([deliveryFor(id, { state: "processing", body: null })]);
      expect(await store.read(keyOf(id), 20_000, [0])).toMatchObject({ state: "processing", version: 1 });
    });

    test.runIf(capabilities.wait)("answers what it knows when the wait is over", async () => {
      const store = create();
      const id = await createId();
      await store.deliver([deliveryFor(id, { state: "processing", body: null })]);
      expect(await store.read(keyOf(id), 20)).toMatchObject({ state: "processing" });
    });
  });
};
