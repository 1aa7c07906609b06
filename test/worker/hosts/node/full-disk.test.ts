import { onTestFinished, expect, test } from "vitest";
import { systemTime } from "../../../../environment/time.ts";
import { createHealth } from "../../../../worker/hosts/node/health.ts";
import { localMailbox } from "../../../../worker/hosts/node/local-mailbox.ts";
import { openMailbox } from "../../../../worker/hosts/node/mailbox.ts";
import { SILENT_LOG } from "../../../gateway/open-engine.ts";
import { createId, keyOf, replyFor } from "../../support/worker.ts";
import { configOf, newFolder, storingProducer } from "./open-host.ts";

/** A mailbox whose file can be told to grow no more. */
const open = async () => {
  const opened = await openMailbox({
    config: configOf(),
    producer: storingProducer,
    directory: newFolder(),
    links: () => 0,
    log: SILENT_LOG,
    time: systemTime,
  });
  onTestFinished(() => opened.close());
  const { database } = opened.storage;
  return {
    ...opened,
    store: localMailbox({ ...opened, log: SILENT_LOG }),
    fill: () => database.exec(`PRAGMA max_page_count = ${String(database.prepare("PRAGMA page_count").get()?.["page_count"])}`),
    makeRoom: () => database.exec("PRAGMA max_page_count = 1000000"),
  };
};

const LARGE = JSON.stringify("x".repeat(100_000));

test("a batch of replies for which there is no room is to be sent again, and nothing of it is stored", async () => {
  const { store, storage, fill, makeRoom } = await open();
  const [small, large] = [await createId(), await createId()];
  const batch = [replyFor(small), replyFor(large, { body: LARGE })];
  fill();
  expect(await store.write(batch)).toEqual(["retry", "retry"]);
  expect(storage.probe()).toMatchObject({ message: "database or disk is full" });
  for (const id of [small, large]) expect(await store.read(keyOf(id), 0)).toBeUndefined();
  makeRoom();
  expect(storage.probe()).toBeUndefined();
  expect(await store.write(batch)).toEqual(["stored", "stored"]);
  expect(await store.read(keyOf(large), 0)).toMatchObject({ state: "succeeded", body: LARGE });
});

test("requests are accepted while there is no room, since accepting one writes nothing", async () => {
  const { store, fill } = await open();
  fill();
  const id = await createId();
  const record = { topic: "requests", key: id.text, value: "{}", headers: [] };
  expect(await store.publish(keyOf(id), record, 0)).toEqual({ outcome: "stored", status: undefined });
});

test("the health says what the disk says, at most once a second, and that it is well again", () => {
  let now = 0;
  let failure: Error | undefined;
  let probes = 0;
  const findProblem = createHealth({ probe: () => (probes++, failure) }, () => now);
  expect(findProblem()).toBeUndefined();
  failure = new Error("database or disk is full");
  expect(findProblem()).toBeUndefined();
  now = 1_000;
  for (let asked = 0; asked < 100; asked++) expect(findProblem()).toBe("Replies cannot be written to the disk: database or disk is full.");
  failure = undefined;
  now = 2_000;
  expect(findProblem()).toBeUndefined();
  expect(probes).toBe(3);
});
