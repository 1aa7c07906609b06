import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventLog } from "../../../consumer/events/event-log.ts";
import { createOutageLog } from "../../../consumer/outage-log.ts";
import type { PolicyFile } from "../../../consumer/policies/policy-file.ts";
import { createPolicyPartition } from "../../../consumer/policies/policy-partition.ts";
import { createReactions } from "../../../consumer/policies/reactions.ts";
import { createPolicySender } from "../../../consumer/policies/sender.ts";
import { createManualTime } from "../../helpers/manual-time.ts";
import { createRecordedLog } from "../log.ts";
import { createMemoryLog } from "./memory-log.ts";
import { createMemoryTables, requestsIn } from "./stage.ts";
import { begins, BEGUN, commitRecord, COMPLETED, notices, PARTITION, START, transfers } from "./transfers.ts";

/** A commit of one of some transfers. If it is stale, whoever wrote it did not know the last one. */
const commits = fc.array(
  fc.record({
    key: fc.constantFrom("t1", "t2", "t3"),
    events: fc.array(fc.constantFrom(BEGUN, COMPLETED), { maxLength: 3 }),
    isStale: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);
/** One life of a process: after how many calls it dies, what of its commits arrives, and what its successor finds. */
const lives = fc.array(
  fc.record({
    diesAfter: fc.nat(12),
    diesBefore: fc.boolean(),
    commitsOf: fc.double({ min: 0, max: 1, noNaN: true }),
    isFileLost: fc.boolean(),
    elapses: fc.constantFrom(0, 20_000, 40_000),
  }),
  { maxLength: 6 },
);

const never = <T>(): Promise<T> => new Promise(() => {});

test("a process that dies at any step loses nothing: each request is sent under one ID, and takes effect once", async () => {
  await fc.assert(
    fc.asyncProperty(commits, lives, async (written, ends) => {
      const eventLog = createMemoryLog(2);
      const time = createManualTime(START);
      const log = createRecordedLog();
      const expected = { debits: 0, notices: 0 };
      const last = new Map<string, string>();
      for (const [index, { key, events, isStale }] of written.entries()) {
        const before = last.get(key) ?? "";
        eventLog.store(PARTITION, [commitRecord(key, `c${index}`, isStale ? "unknown" : before, events)]);
        if (isStale) continue;
        last.set(key, `c${index}`);
        expected.debits += events.filter((event) => event === BEGUN).length;
        expected.notices += events.filter((event) => event === COMPLETED).length;
      }

      let committed = 0;
      let openFile = createMemoryTables();
      for (const { diesAfter, diesBefore, commitsOf, isFileLost, elapses } of [...ends, undefined].map((end) => end ?? LAST)) {
        let calls = 0;
        const isDead = (): boolean => calls > diesAfter;
        const dying = async <T>(call: () => Promise<T>): Promise<T> => {
          calls += 1;
          if (isDead() && (diesBefore || calls > diesAfter + 1)) return never();
          const result = await call();
          return isDead() ? never() : result;
        };
        const mortalLog: Pick<EventLog, "partitions" | "append" | "read" | "ends"> = {
          partitions: (topics) => eventLog.partitions(topics),
          append: (to, records) => dying(() => eventLog.append(to, records)),
          read: (from, options) => dying(() => eventLog.read(from, options)),
          ends: (partition) => dying(() => eventLog.ends(partition)),
        };
        const mortal = (file: PolicyFile): PolicyFile => {
          const dies = (write: () => void): void => {
            calls += 1;
            if (isDead() && (diesBefore || calls > diesAfter + 1)) throw new Error("dead");
            write();
            if (isDead()) throw new Error("dead");
          };
          return { ...file, write: (changes) => dies(() => file.write(changes)), remove: (timers) => dies(() => file.remove(timers)) };
        };
        if (isFileLost) openFile = createMemoryTables();
        const partition = createPolicyPartition({
          partition: PARTITION,
          reactions: createReactions("transfer", transfers, new Map(Object.entries({ begins, notices }))),
          sender: createPolicySender({ eventLog: mortalLog, outages: createOutageLog(log, "over"), time, random: () => 0 }),
          eventLog: mortalLog,
          openFile: () => mortal(openFile()),
          onFollowed: () => {},
          onStopped: () => {},
          log,
          time,
          random: () => 0,
        });
        partition.reach(committed);
        let finished = committed;
        for (const record of eventLog.records(PARTITION).slice(committed))
          void partition.process(record).then((isDone) => {
            if (isDone) finished = Math.max(finished, record.offset + 1);
          });
        await time.elapse(0);
        await time.elapse(elapses);
        for (let turn = 0; turn < 10; turn += 1) await time.elapse(0);
        committed += Math.floor((finished - committed) * commitsOf);
        // What is dead does nothing more; the last one ends as it should.
        calls = Number.MAX_SAFE_INTEGER;
      }

      const debits = requestsIn(eventLog, "account-commands");
      const told = requestsIn(eventLog, "notices");
      const timeouts = requestsIn(eventLog, "transfer-commands");
      const once = (requests: typeof debits): number => new Set(requests.map(({ correlationId }) => correlationId)).size;
      expect([once(debits), once(timeouts), once(told)]).toEqual([expected.debits, expected.debits, expected.notices]);
      expect(committed).toBe(written.length);
    }),
    { numRuns: 100 },
  );
}, 60_000);

const LAST = { diesAfter: Number.MAX_SAFE_INTEGER - 1, diesBefore: false, commitsOf: 1, isFileLost: false, elapses: 40_000 };
