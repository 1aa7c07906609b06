import type { Time } from "../../../environment/time.ts";
import { SWEEP_MS } from "../../mailbox/sweep.ts";

type AlarmOptions = {
  /** Never rejects. */
  readonly ring: () => Promise<void>;
  readonly time: Pick<Time, "now" | "setTimeout" | "clearTimeout">;
};

/**
 * The mailbox's alarm, as a timer. It is not kept on disk: whoever starts sweeps at once, and each sweep sets the next one while there are
 * rows. A clock that is set back or ahead moves no alarm by more than one round.
 */
export const createAlarm = ({ ring, time }: AlarmOptions) => {
  let timer: unknown;
  let at: number | null = null;
  const clear = (): void => {
    time.clearTimeout(timer);
    at = null;
  };
  return {
    get: async (): Promise<number | null> => at,
    async set(atMs: number): Promise<void> {
      clear();
      at = atMs;
      const fire = (): void => {
        at = null;
        void ring();
      };
      timer = time.setTimeout(fire, Math.min(Math.max(atMs - time.now(), 0), SWEEP_MS));
    },
    clear: async (): Promise<void> => clear(),
  };
};
