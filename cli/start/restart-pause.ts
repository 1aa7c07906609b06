/** How long to wait before a part that ended is started again. */
export type RestartPause = {
  /** The pause after an end, in milliseconds, given how long the part had been up. */
  next(upForMs: number): number;
};

export type RestartPauseOptions = {
  /** Short: most ends are single ones. */
  readonly firstMs?: number;
  /** Long enough that a part which cannot start does not fill the terminal. */
  readonly mostMs?: number;
  /** After so long without an end the next pause is the first one again. */
  readonly steadyMs?: number;
};

/** Pauses that double with each end, until the part has been up for a while. */
export const createRestartPause = ({ firstMs = 250, mostMs = 10_000, steadyMs = 30_000 }: RestartPauseOptions = {}): RestartPause => {
  let pauseMs = firstMs;
  return {
    next(upForMs) {
      if (upForMs >= steadyMs) pauseMs = firstMs;
      const now = pauseMs;
      pauseMs = Math.min(pauseMs * 2, mostMs);
      return now;
    },
  };
};
