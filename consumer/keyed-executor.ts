/** A task that has started: its result, and when it has really ended, which may be later. */
export type StartedTask<T> = { readonly result: Promise<T>; readonly ended: Promise<unknown> };

/** Runs tasks of one key in order, and tasks of different keys at the same time. */
export type KeyedExecutor = {
  /**
   * Starts the task when all earlier tasks of its key have ended and a place is free. A task without a key only waits for a place.
   * Resolves or rejects as the task's result does. Key and place stay taken until `ended` settles.
   */
  run<T>(key: string | undefined, start: () => StartedTask<T>): Promise<T>;
};

/** An executor that runs `concurrency` tasks at once. Tasks that may start do so in the order in which they became ready. */
export const createKeyedExecutor = ({ concurrency }: { readonly concurrency: number }): KeyedExecutor => {
  /** By key that is busy: the tasks that wait for it. */
  const queues = new Map<string, (() => void)[]>();
  const ready: (() => void)[] = [];
  let running = 0;

  const startReady = (): void => {
    while (running < concurrency) {
      const start = ready.shift();
      if (start === undefined) return;
      running += 1;
      start();
    }
  };

  const release = (key: string | undefined): void => {
    running -= 1;
    if (key !== undefined) {
      const next = queues.get(key)?.shift();
      if (next === undefined) queues.delete(key);
      else ready.push(next);
    }
    startReady();
  };

  return {
    run: (key, start) =>
      new Promise((resolve, reject) => {
        const begin = (): void => {
          const { result, ended } = startSafely(start);
          result.then(resolve, reject);
          ended.then(
            () => release(key),
            () => release(key),
          );
        };
        const queue = key === undefined ? undefined : queues.get(key);
        if (queue !== undefined) {
          queue.push(begin);
          return;
        }
        if (key !== undefined) queues.set(key, []);
        ready.push(begin);
        startReady();
      }),
  };
};

const startSafely = <T>(start: () => StartedTask<T>): StartedTask<T> => {
  try {
    return start();
  } catch (error) {
    return { result: Promise.reject(error), ended: Promise.resolve() };
  }
};
