import type { Log } from "../../environment/log.ts";
import type { Time } from "../../environment/time.ts";
import { EventError } from "../deciders/event-reader.ts";
import { KeysUnavailableError } from "../personal/subject-keys.ts";
import { isSqliteError } from "../../storage/sqlite-errors.ts";
import { TrimmedError } from "../events/event-log.ts";
import { EventTopicError } from "../events/topic-check.ts";

/** A partition cannot be used until somebody changes something. The message says what is wrong, and how to mend it. */
export class UnusableError extends Error {
  override readonly name = "UnusableError";

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** Whether somebody must change something before the partition can be used. */
export const isUnusable = (error: unknown): error is Error =>
  error instanceof UnusableError || error instanceof EventError || error instanceof EventTopicError || error instanceof TrimmedError;

/** Whether a disk is at fault, and neither an event nor a command: the same may succeed later. */
export const isOfDisk = (error: unknown): boolean => isSqliteError(error) || error instanceof KeysUnavailableError;

/** Why a partition is paused, told once and then seldom. */
export type UnusableLog = {
  begin(error: Error): void;
  end(): void;
};

const REPEAT_MS = 600_000;

export const createUnusableLog = (log: Pick<Log, "error" | "info">, time: Time): UnusableLog => {
  let told: { readonly message: string; readonly at: number } | undefined;
  return {
    begin(error) {
      const { message } = error;
      const now = time.elapsed();
      if (told?.message === message && now - told.at <= REPEAT_MS) return;
      log.error({ err: error }, `the partition is paused: ${message}`);
      told = { message, at: now };
    },
    end() {
      if (told !== undefined) log.info("the partition can be used again");
      told = undefined;
    },
  };
};
