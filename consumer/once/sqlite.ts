import type { Log } from "../../environment/log.ts";
import type { StepFile } from "./step-file.ts";
import { type OnceStore, type Step, storeAway } from "./store.ts";

type SqliteOnceOptions = {
  /** Made when the first step runs, and held by this process alone. */
  readonly folder: string;
  readonly log: Pick<Log, "warn">;
};

/**
 * Keeps the results of steps in a file of SQLite: for this process and those that come after it on the same disk. A function of a step runs before
 * its result is recorded, and its effect is not part of that: if the process dies in between, the step runs again.
 */
export const sqliteOnce = ({ folder, log }: SqliteOnceOptions): OnceStore => {
  const running = new Map<string, Promise<string>>();
  let opening: Promise<StepFile> | undefined;
  let isClosed = false;

  const open = (): Promise<StepFile> => {
    if (isClosed) return Promise.reject(new Error("The consumer is stopping, and takes no further steps."));
    // Loaded when it is needed: most consumers have no steps. A folder that is in use may be free the next time.
    opening ??= import("./step-file.ts")
      .then(({ openStepFile }) => openStepFile(folder, log))
      .catch((error) => {
        opening = undefined;
        throw error;
      });
    return opening;
  };

  const find = async (step: Step) => {
    const file = await open();
    return { file, recorded: file.find(step) };
  };

  const runOnce = async (step: Step, run: () => Promise<string>): Promise<string> => {
    const { file, recorded } = await find(step).catch((error) => {
      throw storeAway(error);
    });
    if (recorded !== undefined) return recorded;
    const result = await run();
    await file.record(step, result).catch((cause: unknown) => {
      throw new Error(`Step ${JSON.stringify(step.name)} has run, and its result could not be recorded: ${(cause as Error).message}`, {
        cause,
      });
    });
    return result;
  };

  return {
    name: "sqlite",
    once(step, run) {
      // A name has no control characters.
      const key = `${step.name}\n${step.correlationId}`;
      let result = running.get(key);
      if (result === undefined) {
        result = runOnce(step, run).finally(() => running.delete(key));
        running.set(key, result);
      }
      return result;
    },
    async close() {
      isClosed = true;
      await (await opening?.catch(() => undefined))?.close();
    },
  };
};
