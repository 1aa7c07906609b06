import type { Clock } from "../clock.ts";
import type { Waiting } from "../engine.ts";

/** A call's waiting for records. It is over at its timeout; it is cut when nobody waits for its end, or everything is to end. */
export type Wait = {
  isOver(): boolean;
  isCut(): boolean;
  /** Milliseconds until the timeout; 0 if it is over. */
  leftMs(): number;
  /** Resolves at the promise's end, after so many milliseconds, or when the wait is cut. @throws what the promise throws before */
  until<Result>(promise: Promise<Result>, ms: number): Promise<Result | undefined>;
  /** The same, of time alone. */
  pause(ms: number): Promise<void>;
  cut(): void;
  /** Lets go of the signal. */
  end(): void;
};

export const createWait = ({ timeoutMs, signal }: Pick<Waiting, "timeoutMs" | "signal">, clock: Clock): Wait => {
  const until = clock.now() + timeoutMs;
  const { promise: whenCut, resolve: resolveCut } = Promise.withResolvers<undefined>();
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    resolveCut(undefined);
  };
  if (signal.aborted) cut();
  signal.addEventListener("abort", cut);
  const leftMs = (): number => (isCut ? 0 : Math.max(0, until - clock.now()));
  const within = async <Result>(ms: number, promises: readonly Promise<Result>[]): Promise<Result | undefined> => {
    const { promise: later, resolve } = Promise.withResolvers<undefined>();
    const timer = clock.setTimeout(() => resolve(undefined), ms);
    try {
      return await Promise.race([...promises, later, whenCut]);
    } finally {
      clock.clearTimeout(timer);
    }
  };
  return {
    isOver: () => leftMs() === 0,
    isCut: () => isCut,
    leftMs,
    until: (promise, ms) => within(ms, [promise]),
    pause: (ms) => within<void>(ms, []),
    cut,
    end: () => signal.removeEventListener("abort", cut),
  };
};
