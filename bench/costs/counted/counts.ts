/** What a Worker and its objects have done that is billed, or that one would like to know beside it. Grows only. */
export type Counts = {
  /** Requests that came in, by method and first segment of the path. */
  readonly workerRequests: Record<string, number>;
  /** Calls of objects, by method; an alarm is one. */
  readonly objectCalls: Record<string, number>;
  /** While at least one call was in an object, summed over the objects. */
  objectActiveMs: number;
  rowsRead: number;
  rowsWritten: number;
  /** Each is billed as a row written. */
  alarmsSet: number;
  /** Of KV, by method. */
  readonly kvOperations: Record<string, number>;
  /** Requests that went out to the Kafka REST proxy. */
  outgoingFetches: number;
};

export const createCounts = (): Counts => ({
  workerRequests: {},
  objectCalls: {},
  objectActiveMs: 0,
  rowsRead: 0,
  rowsWritten: 0,
  alarmsSet: 0,
  kvOperations: {},
  outgoingFetches: 0,
});

/** One more. */
export const increase = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

type Cursor = { readonly rowsRead: number; readonly rowsWritten: number; toArray(): unknown[] };

/** What this needs of a Durable Object's storage. */
export type CountedStorage = {
  readonly sql: { exec(...args: never[]): Cursor };
  setAlarm(...args: never[]): Promise<void>;
};

/** Counts what is done with the storage from now on. */
export const countStorage = (storage: CountedStorage, counts: Counts): void => {
  replace(
    storage.sql,
    "exec",
    (exec) =>
      (...args) =>
        countCursor(exec(...args), counts),
  );
  replace(storage, "setAlarm", (setAlarm) => (...args) => {
    counts.alarmsSet += 1;
    return setAlarm(...args);
  });
};

/** A statement has done its part when it is begun, and the rest when its rows are taken. */
const countCursor = (cursor: Cursor, counts: Counts): Cursor => {
  let [read, written] = [0, 0];
  const count = (): void => {
    counts.rowsRead += cursor.rowsRead - read;
    counts.rowsWritten += cursor.rowsWritten - written;
    [read, written] = [cursor.rowsRead, cursor.rowsWritten];
  };
  count();
  replace(cursor, "toArray", (toArray) => () => {
    const rows = toArray();
    count();
    return rows;
  });
  return cursor;
};

/** Counts calls of one object, and how long any of them was in it. @param now milliseconds from any fixed point */
export const createCallCounter = (counts: Counts, now: () => number) => {
  let [inside, since] = [0, 0];
  return async <Result>(name: string, call: () => Result | Promise<Result>): Promise<Result> => {
    increase(counts.objectCalls, name);
    if (inside++ === 0) since = now();
    try {
      return await call();
    } finally {
      if (--inside === 0) counts.objectActiveMs += now() - since;
    }
  };
};

/** The same bindings, and what is done with them is counted. */
export const countBindings = <Env extends object>(env: Env, counts: Counts): Env => {
  const { REPLIES, KAFKA_REST } = env as { readonly REPLIES?: object; readonly KAFKA_REST?: object };
  return {
    ...env,
    ...(REPLIES && { REPLIES: observe(REPLIES, (name) => increase(counts.kvOperations, name)) }),
    ...(KAFKA_REST && { KAFKA_REST: observe(KAFKA_REST, () => void (counts.outgoingFetches += 1)) }),
  };
};

/** The same object, and whoever calls one of its methods is told of. */
const observe = <Observed extends object>(observed: Observed, onCall: (name: string) => void): Observed =>
  new Proxy(observed, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        onCall(String(name));
        return member.apply(target, args) as unknown;
      };
    },
  });

/** The object keeps its identity, which the platform insists on. */
const replace = <Name extends string, Method extends (...args: never[]) => unknown>(
  object: { readonly [name in Name]: Method },
  name: Name,
  by: (method: Method) => Method,
): void => {
  const method = object[name] as Method;
  Object.defineProperty(object, name, { value: by(method.bind(object) as Method) });
};
