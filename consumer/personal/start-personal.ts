import { type AnyAggregate, createEventReaders } from "../../contract/aggregate.ts";
import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import { createPersonalData, type PersonalData } from "./personal-data.ts";
import { personalFieldsOf } from "./personal-fields.ts";
import { openSubjectFile } from "./subject-file.ts";

/** Personal data at work in a process. */
export type Personal = {
  readonly data: PersonalData;
  /** The aggregates that have any. */
  readonly aggregates: ReadonlySet<string>;
  /**
   * What tells states that were made before a subject was forgotten from those after: part of the hash of a state, for aggregates with personal data;
   * empty for all others.
   */
  personalEpoch(aggregate: string): string;
  close(): void;
};

type PersonalOptions = {
  /** By their names in the contract. */
  readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  /** Of the file of keys. */
  readonly folder: string;
  /** Called once a subject was forgotten, by whichever process: states and rows that were made before must be made again. */
  readonly onForgotten: () => void;
  readonly time: Time;
  readonly log: Pick<Log, "info" | "warn">;
};

/** How soon a process notices that another one has forgotten a subject. */
const WATCH_MS = 1_000;

/** Whether events of an aggregate have personal data. @throws DefinitionError as `personalFieldsOf` does */
export const hasPersonalData = (name: string, aggregate: AnyAggregate): boolean =>
  [...createEventReaders(name, aggregate)].some(
    ([event, { jsonSchema }]) => personalFieldsOf(jsonSchema, `event ${JSON.stringify(`${name}.${event}`)}`).length > 0,
  );

/** Opens the keys, if an aggregate has personal data. @throws Error if they cannot be read */
export const startPersonal = ({ aggregates, folder, onForgotten, time, log }: PersonalOptions): Personal | undefined => {
  const having = new Set([...aggregates].filter(([name, aggregate]) => hasPersonalData(name, aggregate)).map(([name]) => name));
  if (having.size === 0) return undefined;
  const keys = openSubjectFile({ folder, now: time.now });
  let epoch = keys.epoch();
  let timer: unknown;
  let hasWarned = false;
  const look = (): void => {
    try {
      const current = keys.epoch();
      if (current !== epoch) {
        log.info({ epoch: current }, "a subject was forgotten: states with personal data are made again");
        onForgotten();
        epoch = current;
      }
      hasWarned = false;
    } catch (error) {
      if (!hasWarned) log.warn({ err: error }, "it is not known whether a subject was forgotten, and is looked at again each second");
      hasWarned = true;
    }
    timer = time.setTimeout(look, WATCH_MS);
  };
  timer = time.setTimeout(look, WATCH_MS);
  return {
    data: createPersonalData(keys),
    aggregates: having,
    personalEpoch: (aggregate) => (having.has(aggregate) ? `-${keys.epoch()}` : ""),
    close() {
      time.clearTimeout(timer);
      keys.close();
    },
  };
};
