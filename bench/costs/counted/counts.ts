/**
 * What a Worker and its objects have done that is billed, or that one would like to know beside it. Grows only. By name: requests that came
 * in (`POST /requests`), calls of objects by method (`call deliver`), `object ms` in which at least one call was in an object, `rows read`,
 * `rows written`, `alarms set`, calls of KV by method (`KV get`), and `fetches` to the Kafka REST proxy.
 */
export type Counts = Record<string, number>;

export const add = (counts: Counts, name: string, amount = 1): void => {
  counts[name] = (counts[name] ?? 0) + amount;
};

/** What was counted between the two. */
export const subtract = (after: Counts, before: Counts): Counts =>
  Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));

type Cursor = { readonly rowsRead: number; readonly rowsWritten: number; toArray(): unknown[] };

/** What this needs of a Durable Object's storage. */
export type CountedStorage = { readonly sql: { exec(...args: never[]): Cursor }; setAlarm(...args: never[]): Promise<void> };

/** Counts what is done with the storage from now on. */
export const countStorage = (storage: CountedStorage, counts: Counts): void => {
  wrap(storage, "setAlarm", (setAlarm) => {
    add(counts, "alarms set");
    return setAlarm();
  });
  // A statement has written when it is begun, and has read when its rows are taken.
  wrap(storage.sql, "exec", (exec) => {
    const cursor = exec() as Cursor;
    let [read, written] = [0, 0];
    const count = (): void => {
      add(counts, "rows read", cursor.rowsRead - read);
      add(counts, "rows written", cursor.rowsWritten - written);
      [read, written] = [cursor.rowsRead, cursor.rowsWritten];
    };
    count();
    wrap(cursor, "toArray", (toArray) => {
      const rows = toArray();
      count();
      return rows;
    });
    return cursor;
  });
};

/** Puts a method around one of an object, which keeps its identity: the platform insists on that. */
const wrap = <Name extends string>(
  object: { readonly [name in Name]: (...args: never[]) => unknown },
  name: Name,
  around: (call: () => unknown) => unknown,
): void => {
  const method = object[name].bind(object);
  Object.defineProperty(object, name, { value: (...args: never[]) => around(() => method(...args)) });
};

/** Counts calls of one object, and how long any of them was in it. @param now milliseconds from any fixed point */
export const createCallCounter = (counts: Counts, now: () => number) => {
  let [inside, since] = [0, 0];
  return async <Result>(name: string, call: () => Result | Promise<Result>): Promise<Result> => {
    add(counts, `call ${name}`);
    if (inside++ === 0) since = now();
    try {
      return await call();
    } finally {
      if (--inside === 0) add(counts, "object ms", now() - since);
    }
  };
};

/** The same object, which tells of each call of a method. */
export const observe = <Observed extends object>(observed: Observed, onCall: (name: string) => void): Observed =>
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
