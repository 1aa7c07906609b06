/** A task under way: its result, and when it has really ended, which may be later. */
export type Running<T> = { readonly result: Promise<T>; readonly ended: Promise<unknown> };

/** Runs tasks in order within a key, and at once across keys. */
export type Lanes = {
  /**
   * Starts the task when every earlier task of its key has ended and a place is free; a task without a key waits for a place only.
   * Resolves with the task's result, or rejects as it does. The lane and the place stay taken until `ended` settles.
   */
  run<T>(key: string | undefined, start: () => Running<T>): Promise<T>;
  /** How many tasks are running now. */
  readonly running: number;
};

type Lane = (() => void)[];

/** Lanes with `concurrency` places; those whose turn has come are served first come, first served. */
export const createLanes = ({ concurrency }: { readonly concurrency: number }): Lanes => {
  const lanes = new Map<string, Lane>();
  const ready: (() => void)[] = [];
  let running = 0;

  const serve = (): void => {
    while (running < concurrency) {
      const start = ready.shift();
      if (start === undefined) return;
      running += 1;
      start();
    }
  };

  const leave = (key: string | undefined): void => {
    running -= 1;
    if (key !== undefined) {
      const next = lanes.get(key)?.shift();
      if (next === undefined) lanes.delete(key);
      else ready.push(next);
    }
    serve();
  };

  return {
    run: (key, start) =>
      new Promise((resolve, reject) => {
        const begin = (): void => {
          const { result, ended } = begun(start);
          result.then(resolve, reject);
          ended.then(
            () => leave(key),
            () => leave(key),
          );
        };
        const lane = key === undefined ? undefined : lanes.get(key);
        if (lane !== undefined) {
          lane.push(begin);
          return;
        }
        if (key !== undefined) lanes.set(key, []);
        ready.push(begin);
        serve();
      }),
    get running() {
      return running;
    },
  };
};

const begun = <T>(start: () => Running<T>): Running<T> => {
  try {
    return start();
  } catch (error) {
    return { result: Promise.reject(error), ended: Promise.resolve() };
  }
};
