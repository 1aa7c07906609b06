import type { Log } from "../environment/log.ts";
import type { Time } from "../environment/time.ts";
import { createCommits } from "./commits.ts";
import { createConsumer, type ProcessRecord } from "./consumer.ts";
import { createInFlightLimiter } from "./in-flight-limiter.ts";
import type { ConsumerObserver } from "./observe/observer.ts";
import { observeSource } from "./observe/source.ts";
import { createOffsets, type Offsets } from "./offsets.ts";
import { createPauses, type Pauses } from "./retry/pauses.ts";
import type { Source } from "./source.ts";
import { within } from "./waiting.ts";

/** A source, and what is done with its records. */
export type IntakeDefinition = {
  readonly source: Source;
  /** How many of its records may be in flight at once. */
  readonly maxRecords: number;
  /** Defines what is done with a record. */
  createProcessor(parts: { readonly offsets: Offsets; readonly pauses: Pauses }): ProcessRecord;
};

type IntakeOptions = IntakeDefinition & {
  /** How many bytes its records in flight may hold. */
  readonly maxBytes: number;
  /** Once it aborts nothing more is taken, and nothing pauses. */
  readonly draining: AbortSignal;
  readonly log: Log;
  readonly observer: ConsumerObserver;
  readonly time: Time;
};

/** Everything between a source and what is done with its records. */
type Intake = {
  /** Resolves once records can be read. */
  open(): Promise<void>;
  /** Resolves when it was told to drain; rejects if the source breaks. */
  run(): Promise<void>;
  /** Resolves once nothing is in flight, or the signal aborts. */
  empty(signal: AbortSignal): Promise<void>;
  /** How many records are in flight. */
  readonly records: number;
  /** Commits what is finished and leaves the group; never rejects. */
  leave(): Promise<void>;
};

/** A source that is away is not waited for: without the last commit some handlers run twice. */
const LEAVE_TIMEOUT_MS = 1_000;

export const createIntake = (options: IntakeOptions): Intake => {
  const { maxRecords, maxBytes, draining, log, observer, time } = options;
  const source = observeSource(options.source, observer);
  const offsets = createOffsets();
  const inFlight = createInFlightLimiter({ maxRecords, maxBytes });
  observer.watch({ inFlight: () => inFlight.records });
  const commits = createCommits({ source, offsets, log, time });
  const pauses = createPauses({ source, inFlight, draining, time });
  const processRecord = options.createProcessor({ offsets, pauses });
  const consumer = createConsumer({ source, offsets, inFlight, commits, pauses, processRecord });

  return {
    open: () => source.open(draining, consumer.handOver),
    run: () => consumer.run(draining),
    empty: (signal) => inFlight.empty(signal),
    get records() {
      return inFlight.records;
    },
    async leave() {
      const left = commits.flush().then(() => source.close());
      try {
        await within(LEAVE_TIMEOUT_MS, left, () => new Error(`The source ${source.name} did not answer.`), time);
      } catch (error) {
        log.warn({ err: error }, "left without a last commit");
      }
    },
  };
};
