import type { Time } from "../../environment/time.ts";
import type { Waiting } from "../engine.ts";

/** A call's wait for records. It is over at its timeout. It is cut when the caller has gone, the instance has ended, or the gateway drains. */
export type Wait = {
  isOver(): boolean;
  isCut(): boolean;
  /** Milliseconds until the timeout; 0 if the wait is over or cut. */
  leftMs(): number;
  /** Resolves after so many milliseconds, or when the wait is woken or cut. */
  pause(ms: number): Promise<void>;
  /** Resolves with the promise; with undefined after so many milliseconds, or when the wait is cut. @throws what the promise throws before */
  until<Result>(promise: Promise<Result>, ms: number): Promise<Result | undefined>;
  /** Ends the pause. */
  wake(): void;
  cut(): void;
  /** Lets go of the signal. */
  end(): void;
};

export const createWait = ({ timeoutMs, signal }: Pick<Waiting, "timeoutMs" | "signal">, time: Time): Wait => {
  const overAt = time.now() + timeoutMs;
  const { promise: whenCut, resolve: resolveCut } = Promise.withResolvers<undefined>();
  let isCut = false;
  let endPause = (): void => {};
  const cut = (): void => {
    isCut = true;
    resolveCut(undefined);
    endPause();
  };
  if (signal.aborted) cut();
  else signal.addEventListener("abort", cut);
  const leftMs = (): number => (isCut ? 0 : Math.max(0, overAt - time.now()));
  return {
    isOver: () => leftMs() === 0,
    isCut: () => isCut,
    leftMs,
    async pause(ms) {
      if (isCut || ms <= 0) return;
      let timer: unknown;
      await new Promise<void>((resolve) => {
        endPause = resolve;
        timer = time.setTimeout(resolve, ms);
      });
      time.clearTimeout(timer);
    },
    async until(promise, ms) {
      const { promise: later, resolve } = Promise.withResolvers<undefined>();
      const timer = time.setTimeout(() => resolve(undefined), ms);
      try {
        return await Promise.race([promise, later, whenCut]);
      } finally {
        time.clearTimeout(timer);
      }
    },
    wake: () => endPause(),
    cut,
    end: () => signal.removeEventListener("abort", cut),
  };
};

/** The waits of all calls of an engine. */
export type Waits = {
  /** Runs with a wait that ends with it. */
  during<Result>(request: Pick<Waiting, "timeoutMs" | "signal">, run: (wait: Wait) => Promise<Result>): Promise<Result>;
  /** Cuts all waits, now and from now on. */
  drain(): void;
};

export const createWaits = (time: Time): Waits => {
  const waits = new Set<Wait>();
  let draining = false;
  return {
    async during(request, run) {
      const wait = createWait(request, time);
      if (draining) wait.cut();
      waits.add(wait);
      try {
        return await run(wait);
      } finally {
        waits.delete(wait);
        wait.end();
      }
    },
    drain() {
      draining = true;
      for (const wait of waits) wait.cut();
    },
  };
};
