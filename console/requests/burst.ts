import { type Entry, stateOf } from "./entry.ts";
import type { Sender } from "./sender.ts";

/** How far many requests at once are. */
export type Burst = {
  readonly operation: string;
  readonly total: number;
  readonly ended: number;
  readonly succeeded: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Undefined while requests are open. */
  readonly endedAt: number | undefined;
};

type BurstOptions = {
  readonly sender: Pick<Sender, "call">;
  readonly operation: string;
  readonly request: unknown;
  readonly total: number;
  /** Ends the wait for replies; what was not sent yet is not sent. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly onProgress: (burst: Burst) => void;
  /** Called with each request that the server refuses. All are alike, so it will refuse the others, too. */
  readonly onRefused: (entry: Entry) => void;
};

/** Sends the same request many times at once; the client sees to it that they share few connections. Resolves once all have ended. */
export const runBurst = async (options: BurstOptions): Promise<void> => {
  const { sender, operation, request, total, signal, now, onProgress, onRefused } = options;
  let burst: Burst = { operation, total, ended: 0, succeeded: 0, startedAt: now(), endedAt: undefined };
  const tell = (next: Burst): void => onProgress((burst = next));
  const count = (entry: Entry): void => {
    const state = stateOf(entry);
    tell({ ...burst, ended: burst.ended + 1, succeeded: burst.succeeded + Number(state === "succeeded") });
    if (state === "refused") onRefused(entry);
  };
  tell(burst);
  await Promise.all(Array.from({ length: total }, async () => count(await sender.call(operation, request, signal))));
  tell({ ...burst, endedAt: now() });
};
