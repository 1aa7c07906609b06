/** A task that has started: its result, and when it has really ended, which may be later. */
export type StartedTask<T> = { readonly result: Promise<T>; readonly ended: Promise<unknown> };

/** Starts a task when a place is free. Resolves or rejects as the task's result does. The place stays taken until the task has ended. */
export type Turn = <T>(start: () => StartedTask<T>) => Promise<T>;

/** Runs work of one key in order, and work of different keys at the same time. */
export type KeyedExecutor = {
  /**
   * Begins the work when all earlier work of its key has ended; work without a key begins at once. The work takes turns, one after another, and
   * takes no place between them. It has ended when it has settled and its last task has ended; until then its key stays taken.
   * Resolves or rejects as the work does.
   */
  run<T>(key: string | undefined, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** How much work waits for that of the key to end. */
  waiting(key: string): number;
};

/** An executor that runs `concurrency` tasks at once. Tasks that may start do so in the order in which they became ready. */
export const createKeyedExecutor = ({ concurrency }: { readonly concurrency: number }): KeyedExecutor => {
  /** By key that is busy: the work that waits for it. */
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

  const releasePlace = (): void => {
    running -= 1;
    startReady();
  };

  const releaseKey = (key: string): void => {
    const next = queues.get(key)?.shift();
    if (next === undefined) queues.delete(key);
    else next();
  };

  const begin = <T>(key: string | undefined, work: (turn: Turn) => Promise<T>): Promise<T> => {
    let ended: Promise<unknown> | undefined;
    const worked = work(
      (start) =>
        new Promise((resolve, reject) => {
          ready.push(() => {
            const started = startSafely(start);
            started.result.then(resolve, reject);
            // Handled here, so that a rejection is nobody else's.
            ended = started.ended.then(releasePlace, releasePlace);
          });
          startReady();
        }),
    );
    if (key !== undefined) {
      const release = (): void => {
        if (ended === undefined) releaseKey(key);
        else void ended.then(() => releaseKey(key));
      };
      worked.then(release, release);
    }
    return worked;
  };

  return {
    waiting: (key) => queues.get(key)?.length ?? 0,
    run(key, work) {
      if (key === undefined) return begin(key, work);
      const queue = queues.get(key);
      if (queue === undefined) {
        queues.set(key, []);
        return begin(key, work);
      }
      return new Promise((resolve) => queue.push(() => resolve(begin(key, work))));
    },
  };
};

const startSafely = <T>(start: () => StartedTask<T>): StartedTask<T> => {
  try {
    return start();
  } catch (error) {
    return { result: Promise.reject(error), ended: Promise.resolve() };
  }
};
