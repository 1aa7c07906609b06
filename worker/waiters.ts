import { systemTime, type Time } from "../environment/time.ts";
import { MAX_WAIT_SECONDS } from "../protocol/limits.ts";
import { PUBLIC_OWNER } from "./correlation-id.ts";

export type WaitersOptions = {
  readonly maxWaiters?: number;
  readonly time?: Pick<Time, "now" | "setTimeout" | "clearTimeout">;
};

/** A client that goes away does not cancel its wait, so waits are bounded in number and in time. */
const MAX_WAITERS = 5_000;

/** No caller takes more of the room than this, and anonymous callers together leave the rest to those who are known. */
const SHARE_OF_A_CALLER = 1 / 5;
const SHARE_OF_ANONYMOUS = 4 / 5;

const MAX_WAIT_MS = MAX_WAIT_SECONDS * 1_000;

/** Waits whose time is over within one slot end together, with the slot: none ends early, and none more than a slot late. */
const SLOT_MS = 50;

type Waiter<Value, For> = { readonly waitedFor: For; readonly settle: (value: Value | undefined) => void };

/**
 * Calls that wait for what is stored under a key. They are in memory only. One timer serves them all. While nobody waits there is none, since
 * Cloudflare bills an object for as long as a timer is set.
 */
export const createKeyedWaiters = <Value, For>({ maxWaiters = MAX_WAITERS, time = systemTime }: WaitersOptions = {}) => {
  const waiting = new Map<string, Set<Waiter<Value, For>>>();
  /** By the time at which their waits end, in milliseconds since 1970. */
  const slots = new Map<number, Set<Waiter<Value, For>>>();
  /** How many wait in each name. */
  const byName = new Map<string, number>();
  const maxOfACaller = Math.ceil(maxWaiters * SHARE_OF_A_CALLER);
  const maxAnonymous = Math.ceil(maxWaiters * SHARE_OF_ANONYMOUS);
  let count = 0;
  let anonymous = 0;
  let isOver = false;
  let timer: unknown;
  let timerAt = Number.POSITIVE_INFINITY;

  const setTimer = (at: number): void => {
    if (timer !== undefined) time.clearTimeout(timer);
    timer = at === Number.POSITIVE_INFINITY ? undefined : time.setTimeout(endDue, at - time.now());
    timerAt = at;
  };

  /** The timer stays when waits end before their time, as most do, so it may find none. */
  const endDue = (): void => {
    timer = undefined;
    const now = time.now();
    // A wait that seems to end later than any may was begun before the clock was set back.
    for (const [at, waiters] of slots)
      if (at <= now || at > now + MAX_WAIT_MS + SLOT_MS) for (const waiter of waiters) waiter.settle(undefined);
    setTimer(Math.min(...slots.keys()));
  };

  const countIn = (name: string, change: 1 | -1): void => {
    count += change;
    if (isAnonymous(name)) anonymous += change;
    const left = (byName.get(name) ?? 0) + change;
    if (left === 0) byName.delete(name);
    else byName.set(name, left);
  };

  const wait = (key: string, waitMs: number, waitedFor: For, name: string = PUBLIC_OWNER) => {
    const { promise: ended, resolve } = Promise.withResolvers<Value | undefined>();
    if (isOver) {
      resolve(undefined);
      return { ended, cancel: () => {} };
    }
    const endsAt = time.now() + Math.min(waitMs, MAX_WAIT_MS);
    const at = Math.ceil(endsAt / SLOT_MS) * SLOT_MS;
    const waiter: Waiter<Value, For> = {
      waitedFor,
      settle(value) {
        if (!remove(waiting, key, waiter)) return;
        remove(slots, at, waiter);
        countIn(name, -1);
        if (count === 0) setTimer(Number.POSITIVE_INFINITY);
        resolve(value);
      },
    };
    add(waiting, key, waiter);
    add(slots, at, waiter);
    countIn(name, 1);
    if (at < timerAt) setTimer(at);
    return { ended, cancel: () => waiter.settle(undefined) };
  };

  return {
    /** How many calls wait now. */
    get count(): number {
      return count;
    },
    /** Whether one more may wait in this name, see {@link Caller}. */
    hasRoom(name: string = PUBLIC_OWNER): boolean {
      if (count >= maxWaiters || (isAnonymous(name) && anonymous >= maxAnonymous)) return false;
      return name === PUBLIC_OWNER || (byName.get(name) ?? 0) < maxOfACaller;
    },
    /** Waits for a value under a key. `ended` resolves to it, or to undefined when the wait is over or cancelled. */
    wait,
    /** Ends the waits of a key that a value fulfils. */
    wake(key: string, value: Value, fulfils: (waitedFor: For) => boolean): void {
      for (const waiter of waiting.get(key) ?? []) if (fulfils(waiter.waitedFor)) waiter.settle(value);
    },
    /** The keys that somebody waits for. */
    keys: (): Iterable<string> => waiting.keys(),
    /** Ends all waits with nothing, also those that are yet to come. */
    end(): void {
      isOver = true;
      for (const waiters of waiting.values()) for (const waiter of waiters) waiter.settle(undefined);
    },
  };
};

const isAnonymous = (name: string): boolean => name.startsWith(PUBLIC_OWNER);

const add = <Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void => {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([item]));
  else set.add(item);
};

/** @returns whether it was there */
const remove = <Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): boolean => {
  const set = sets.get(key);
  if (set?.delete(item) !== true) return false;
  if (set.size === 0) sets.delete(key);
  return true;
};
