import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createAggregates } from "../../../consumer/aggregates/aggregates.ts";
import { openSubjectFile } from "../../../consumer/personal/subject-file.ts";
import { createPersonalData } from "../../../consumer/personal/personal-data.ts";
import { decodeCommit } from "../../../protocol/commit-record.ts";
import type { ConsumerRecord } from "../../../protocol/kafka-record.ts";
import { hasPersonalData, startPersonal } from "../../../consumer/personal/start-personal.ts";
import { createViewFold } from "../../../consumer/views/view-fold.ts";
import { projection } from "../../../consumer/views/projection.ts";
import { view } from "../../../contract/view.ts";
import { defineContract } from "../../../contract/contract.ts";
import { accounts } from "../../contract/bank.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createMemoryEventLog } from "../aggregates/memory-event-log.ts";
import { NEVER, quickTime } from "../aggregates/task-stage.ts";
import { createRecordedLog } from "../log.ts";
import { makeFolder } from "./folder.ts";
import { patientDecider, patients } from "./patients.ts";

const contract = defineContract({ patient: patients });
const wards = view({ from: patients, version: 1, row: z.strictObject({ name: z.string().nullable(), ward: z.string() }) });

/** A consumer of patients on a log in memory, and the command beside it. */
const open = (folder = makeFolder(), eventLog = createMemoryEventLog(0, "patient-events")) => {
  eventLog.count = 1;
  const [log, subjects] = [createRecordedLog(), join(folder, "subjects")];
  let forgottenOnce = (): void => {};
  const forgotten = new Promise<void>((resolve) => (forgottenOnce = resolve));
  const personal = startPersonal({
    aggregates: new Map([["patient", patients]]),
    folder: subjects,
    onForgotten() {
      aggregates.forgotten();
      forgottenOnce();
    },
    time: quickTime,
    log,
  });
  const aggregates = createAggregates({
    contract,
    deciders: { patient: patientDecider },
    eventLog,
    partitions: Promise.resolve(new Map([["patient", 1]])),
    personal,
    folder,
    log,
    time: quickTime,
  });
  const close = async (): Promise<void> => {
    await aggregates.close();
    personal?.close();
  };
  const command = openSubjectFile({ folder: subjects });
  onTestFinished(async () => {
    await close();
    command.close();
  });
  let sent = 0;
  const send = async (name: string, value: object): Promise<unknown> => {
    const request = { correlationId: `command-${eventLog.records.length}-${(sent += 1)}`, operation: `patient.${name}` };
    const decided = await aggregates.decide({ request, value, record: { topic: "patient-commands", partition: 0 }, signal: NEVER });
    return decided.answer.reply;
  };
  return { folder, eventLog, send, look: (patient: string) => send("look", { patient }), command, forgotten, close };
};

test("a consumer that runs makes its states again without whom another process forgets, and commands wait meanwhile", async () => {
  const { send, look, command, forgotten } = open();
  for (const patient of ["p1", "p2"]) await send("register", { patient, name: `Lovelace ${patient}`, ward: "3" });
  expect(await look("p1")).toEqual({ name: "Lovelace p1", ward: "3" });
  command.forget("p1");
  await forgotten;
  const replies = await Promise.all([look("p1"), look("p2"), send("move", { patient: "p1", ward: "4" })]);
  expect(replies).toEqual([{ name: null, ward: "3" }, { name: "Lovelace p2", ward: "3" }, null]);
  await send("register", { patient: "p1", name: "Ada again", ward: "5" });
  expect(await look("p1")).toEqual({ name: "Ada again", ward: "5" });
});

test("a consumer that did not run makes them again when it starts", async () => {
  const { folder, eventLog, send, command, close } = open();
  await send("register", { patient: "p1", name: "Lovelace", ward: "3" });
  await close();
  command.forget("p1");
  expect(await open(folder, eventLog).look("p1")).toEqual({ name: null, ward: "3" });
});

test("a consumer on another machine, without the keys, stops, and takes nobody for forgotten", async () => {
  const { eventLog, send, close } = open();
  await send("register", { patient: "p1", name: "Lovelace", ward: "3" });
  await close();
  await expect(open(makeFolder(), eventLog).look("p1")).rejects.toThrow(/key of subject "p1" is not in/);
});

test("nothing that a consumer has appended has the name, and no file of keys is made without personal data", async () => {
  const { eventLog, send } = open();
  await send("register", { patient: "p1", name: "Lovelace", ward: "3" });
  expect(JSON.stringify(eventLog.records.map(({ value }) => Buffer.from(value ?? []).toString()))).not.toContain("Lovelace");
  expect([hasPersonalData("patient", patients), hasPersonalData("account", accounts)]).toEqual([true, false]);
  const folder = makeFolder();
  const parts = { aggregates: new Map([["account", accounts]]), folder, onForgotten: () => {}, time: quickTime, log: createRecordedLog() };
  expect([startPersonal(parts), readdirSync(folder)]).toEqual([undefined, []]);
});

test("keys that cannot be read for a while are told once, and who was forgotten meanwhile is noticed", async () => {
  const [folder, log, time] = [makeFolder(), createRecordedLog(), createManualTime()];
  let forgotten = 0;
  const aggregates = new Map([["patient", patients]]);
  const personal = startPersonal({ aggregates, folder, onForgotten: () => void (forgotten += 1), time, log });
  onTestFinished(() => personal?.close());
  const command = openSubjectFile({ folder });
  const other = new DatabaseSync(command.path);
  onTestFinished(() => [command, other].forEach((one) => one.close()));
  other.exec("ALTER TABLE forgettings RENAME TO elsewhere");
  await time.elapse(60_000);
  expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
  other.exec("ALTER TABLE elsewhere RENAME TO forgettings");
  command.forget("p1");
  await time.elapse(1_000);
  expect(forgotten).toBe(1);
});

test("rows of a view are made again without whom somebody forgets", async () => {
  const { eventLog, send, command } = open();
  await send("register", { patient: "p1", name: "Lovelace", ward: "3" });
  const commit = decodeCommit(eventLog.records[0] as ConsumerRecord);
  const personal = { data: createPersonalData(command), personalEpoch: () => `-${command.epoch()}` };
  const fold = createViewFold({
    name: "wards",
    aggregate: "patient",
    projection: projection(wards, { on: { registered: (_, { name, ward }) => ({ name, ward }) } }),
    personal,
  });
  const rows = () => [...fold.changes({ commit, offset: 0, version: 1 }, () => undefined)].map(([, row]) => row);
  const before = fold.hash;
  expect(rows()).toEqual(['{"name":"Lovelace","ward":"3"}']);
  command.forget("p1");
  expect(fold.hash).not.toBe(before);
  expect(rows()).toEqual(['{"name":null,"ward":"3"}']);
});
