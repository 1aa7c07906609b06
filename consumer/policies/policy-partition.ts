import type { PARTITION_STATES } from "../observe/observer.ts";
import type { Log } from "../../environment/log.ts";
import { pause, systemTime, type Time } from "../../environment/time.ts";
import { isNextCommit } from "../../protocol/commit-fold.ts";
import { decodeCommit, findCommitLink, hasEvents } from "../../protocol/commit-record.ts";
import type { ConsumerRecord } from "../../protocol/kafka-record.ts";
import type { TopicPartition } from "../../protocol/topic-partition.ts";
import { KeysUnavailableError } from "../personal/subject-keys.ts";
import { createBackoff } from "../backoff.ts";
import { createOutageLog } from "../outage-log.ts";
import { EventError } from "../deciders/event-reader.ts";
import { type EventLog, TrimmedError } from "../events/event-log.ts";
import { type OneWayRequest, PolicyError } from "./one-way-request.ts";
import type { KeyProgress, PolicyFile } from "./policy-file.ts";
import type { Reactions } from "./reactions.ts";
import type { PolicySender } from "./sender.ts";

/** The policies of one partition of events, at work. */
export type PolicyPartition = {
  /** Does what follows from a record. Resolves with false if it is left to whoever has the partition next. Never rejects. */
  process(record: ConsumerRecord): Promise<boolean>;
  /** The group may have committed that offset: timers of records before it can fire, though no record comes. */
  reach(offset: number): void;
  /** Finishes what is being written, and lets another process have the file. */
  close(): Promise<void>;
  readonly figures: PolicyFigures;
};

/** What is told of a partition. `reading`: it makes its file from the log. `paused`: it needs somebody to mend a policy or the log. */
export type PolicyFigures = {
  readonly state: (typeof PARTITION_STATES)[number];
  /** Requests that wait for their time, and those of them that should have been sent a while ago. */
  readonly waiting: number;
  readonly late: number;
};

export type PolicyPartitionOptions = {
  readonly partition: TopicPartition;
  readonly reactions: Pick<Reactions, "requests">;
  readonly sender: PolicySender;
  readonly eventLog: Pick<EventLog, "read" | "ends">;
  /** Settles when whoever had the file before has closed it. */
  readonly isFree?: Promise<void> | undefined;
  openFile(): PolicyFile;
  /** Told how many were sent, and how many came too late for that. */
  onFollowed(outcome: "sent" | "expired", count: number): void;
  /** Nothing of the partition is done any more. */
  onStopped(): void;
  readonly log: Log;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
};

/** Records of one transaction, and timers that fire together. */
const BATCH = 200;
/** One that is due longer than that is told as late. */
const LATE_MS = 5_000;
const RETRY = { firstMs: 250, mostMs: 10_000 };
/** What is there already comes sooner. */
const READ_MS = 1_000;

type Taken = { readonly record: ConsumerRecord; resolve(isDone: boolean): void };
type Evaluated = { readonly requests: readonly OneWayRequest[]; readonly next: number; readonly fault?: unknown };

/**
 * Follows a partition in three steps that never overlap: what the group had done before is folded without effects; what is due is sent; what comes is
 * sent, written and only then committed. So what follows from a commit is sent at least once, always under the same ID.
 */
export const createPolicyPartition = (options: PolicyPartitionOptions): PolicyPartition => {
  const { partition: at, reactions, sender, eventLog, onFollowed, onStopped, log, time = systemTime, random } = options;
  const queue: Taken[] = [];
  const closing = new AbortController();
  const backoff = createBackoff({ ...RETRY, random });
  const outages = createOutageLog(log, `the policies of ${at.topic}/${at.partition} go on`);
  let file: PolicyFile | undefined;
  /** The file is of this log. */
  let isChecked = false;
  let reachable = 0;
  /** A record was taken: what comes behind it is nobody else's. */
  let isOwner = false;
  let state: PolicyFigures["state"] = "ready";
  let hasToldOfExpired = false;
  let timer: unknown;
  let working: Promise<void> | undefined;

  /** What follows from records, as if each were written; up to the first that cannot be read. `keys` is changed. */
  const evaluate = (opened: PolicyFile, records: readonly ConsumerRecord[], keys: Map<string, KeyProgress>, next: number): Evaluated => {
    const requests: OneWayRequest[] = [];
    let done = next;
    for (const record of records) {
      const link = findCommitLink(record);
      const known = link && (keys.get(link.key) ?? opened.find(link.key) ?? { last: "", version: 0 });
      if (link !== undefined && known !== undefined && isNextCommit(known.last, link)) {
        const version = known.version + (hasEvents(record) ? 1 : 0);
        try {
          requests.push(...reactions.requests({ commit: decodeCommit(record, link), version, timestamp: record.timestamp }));
        } catch (error) {
          return { requests, next: done, fault: lastingOf(error) };
        }
        keys.set(link.key, { last: link.commit, version });
      }
      done = record.offset + 1;
    }
    return { requests, next: done };
  };

  const open = async (): Promise<PolicyFile> => {
    await options.isFree;
    if (closing.signal.aborted) throw closing.signal.reason;
    file ??= options.openFile();
    const { next, origin } = file.progress();
    if (next > 0) {
      const { end } = await eventLog.ends(at);
      if (next > end || (origin !== "" && origin !== (await readOrigin()))) {
        log.warn({ ...at, next, end }, "what policies knew is of another log, and is made again");
        file.reset();
      }
    }
    isChecked = true;
    return file;
  };

  const readOrigin = async (): Promise<string> =>
    originOf((await eventLog.read({ ...at, offset: 0 }, { waitMs: READ_MS, signal: closing.signal, isAlone: true })).records);

  /** Takes what others have done, or done before this file was lost: nothing is sent but what waits for its time. */
  const catchUp = async (opened: PolicyFile, until: number): Promise<void> => {
    const begun = opened.progress().next;
    const isSilent = !isOwner;
    let offset = begun;
    state = "reading";
    while (offset < until && !closing.signal.aborted) {
      const read = await eventLog.read({ ...at, offset }, { waitMs: READ_MS, signal: closing.signal });
      if (closing.signal.aborted) return;
      // At the end of a partition, Kafka may have nothing but markers.
      const isOver = read.next <= offset && read.end <= offset && queue.length === 0;
      if (read.next <= offset && !isOver) throw new Error(`Expected records of ${at.topic}/${at.partition} from offset ${offset} on.`);
      const records = read.records.filter((record) => record.offset < until);
      offset = isOver ? until : Math.min(read.next, until);
      if (!(await take(opened, records, offset, isSilent))) return;
    }
    state = "ready";
    if (until - begun > BATCH) log.info({ ...at, from: begun, to: until }, "policies have read what was done before");
  };

  /** Sends what follows, and writes that it was sent. False if it was told to stop before. @throws what stops the partition */
  const take = async (opened: PolicyFile, records: readonly ConsumerRecord[], next: number, isSilent: boolean): Promise<boolean> => {
    const keys = new Map<string, KeyProgress>();
    const before = opened.progress();
    const { requests, fault, next: done } = evaluate(opened, records, keys, before.next);
    const now = time.now();
    const inTime = requests.filter(({ deadline }) => deadline > now);
    if (!isSilent) {
      const sent = inTime.filter(({ isDelayed }) => !isDelayed);
      if (!(await sender.send(sent, closing.signal))) return false;
      onFollowed("sent", sent.length);
      expired(requests.length - inTime.length);
    }
    const reached = fault === undefined ? next : done;
    const origin = before.origin === "" && before.next === 0 ? originOf(records) : before.origin;
    const progress = { next: reached, sentFrom: isSilent ? reached : before.sentFrom, origin };
    opened.write({ progress, keys, timers: inTime.filter(({ isDelayed }) => isDelayed) });
    if (fault !== undefined) throw fault;
    return true;
  };

  const fire = async (opened: PolicyFile): Promise<void> => {
    const now = time.now();
    const due = opened.due(now, BATCH);
    if (due.length === 0) return;
    const inTime = due.filter(({ deadline }) => deadline > now);
    if (!(await sender.send(inTime, closing.signal))) return;
    onFollowed("sent", inTime.length);
    expired(due.length - inTime.length);
    opened.remove(due);
  };

  const expired = (count: number): void => {
    if (count === 0) return;
    onFollowed("expired", count);
    if (!hasToldOfExpired) log.warn({ ...at, count }, "what followed from events long ago was not sent: its deadline has passed");
    hasToldOfExpired = true;
  };

  const step = async (): Promise<void> => {
    const opened = file !== undefined && isChecked ? file : await open();
    const until = queue[0]?.record.offset ?? reachable;
    if (until > opened.progress().next) await catchUp(opened, until);
    if (closing.signal.aborted) return;
    await fire(opened);
    const [first] = queue;
    if (first === undefined || closing.signal.aborted) return;
    const { next, sentFrom } = opened.progress();
    if (first.record.offset < sentFrom) {
      log.warn({ ...at, offset: first.record.offset, next }, "policies go back to what the group has committed");
      isOwner = false;
      return opened.reset();
    }
    isOwner = true;
    const batch = queue.slice(0, BATCH).map(({ record }) => record);
    const records = batch.filter(({ offset }) => offset >= next);
    try {
      await take(opened, records, Math.max(next, ...batch.map(({ offset }) => offset + 1)), false);
    } finally {
      const { next: reached } = opened.progress();
      for (const { record, resolve } of queue) if (record.offset < reached) resolve(true);
      queue.splice(0, queue.length, ...queue.filter(({ record }) => record.offset >= reached));
    }
  };

  const hasWork = (): boolean => {
    if (closing.signal.aborted || state === "paused") return false;
    if (queue.length > 0 || file === undefined || !isChecked) return true;
    try {
      return reachable > file.progress().next || (file.nextDue() ?? Number.POSITIVE_INFINITY) <= time.now();
    } catch {
      // The next step finds out why, and tries again.
      return true;
    }
  };

  const work = async (): Promise<void> => {
    while (hasWork()) {
      try {
        await step();
        backoff.reset();
        outages.over();
      } catch (error) {
        if (closing.signal.aborted) return;
        if (isLasting(error)) return stop(error);
        const retryInMs = Math.round(backoff.nextMs());
        outages.warn({ reason: (error as Error).message, retryInMs }, `the policies of ${at.topic}/${at.partition} cannot go on now`);
        await pause(time, retryInMs, closing.signal);
      }
    }
  };

  const stop = (error: unknown): void => {
    state = "paused";
    const offset = queue[0]?.record.offset ?? file?.progress().next;
    log.error(
      { ...at, offset, err: error },
      "the policies of a partition are paused: mend what the error names, and start the consumer again",
    );
    for (const { resolve } of queue.splice(0)) resolve(false);
    onStopped();
  };

  const wake = (): void => {
    if (working !== undefined) return;
    time.clearTimeout(timer);
    if (!hasWork()) return waitForTimers();
    working = work().finally(() => {
      working = undefined;
      wake();
    });
  };

  /** The platform may wake it too soon: by its own clock, or after the longest time that it can wait. */
  const waitForTimers = (): void => {
    const due = closing.signal.aborted || state === "paused" ? undefined : file?.nextDue();
    if (due !== undefined) timer = time.setTimeout(wake, Math.max(due - time.now(), 1));
  };

  return {
    process: (record) =>
      new Promise((resolve) => {
        if (closing.signal.aborted || state === "paused") return resolve(false);
        queue.push({ record, resolve });
        // A partition that was away and came back may begin further back.
        if (record.offset < (queue.at(-2)?.record.offset ?? 0)) queue.sort((a, b) => a.record.offset - b.record.offset);
        wake();
      }),
    reach(offset) {
      reachable = Math.max(reachable, offset);
      wake();
    },
    async close() {
      closing.abort();
      time.clearTimeout(timer);
      await working;
      time.clearTimeout(timer);
      for (const { resolve } of queue.splice(0)) resolve(false);
      await file?.close();
    },
    get figures() {
      return { state, ...(closing.signal.aborted || file === undefined ? { waiting: 0, late: 0 } : file.count(time.now() - LATE_MS)) };
    },
  };
};

const originOf = ([first]: readonly ConsumerRecord[]): string => (first === undefined ? "" : (findCommitLink(first)?.commit ?? ""));

const isLasting = (error: unknown): boolean => error instanceof PolicyError || error instanceof EventError || error instanceof TrimmedError;

/** The functions are pure: whatever they throw, they throw again. Keys of personal data that cannot be read now can be read later. */
const lastingOf = (error: unknown): unknown =>
  isLasting(error) || error instanceof KeysUnavailableError
    ? error
    : new PolicyError(`Expected a commit that policies can read. ${(error as Error).message}`, { cause: error });
