/** What a consumer knows of whether it can work. */
export type Readiness = {
  /** It is a member of its group, and reads. */
  joined(): void;
  /** It finishes what it has, and takes nothing more. */
  draining(): void;
  /** Something was sent to the Worker, or a link was tried: whether somebody was there. */
  workerReached(isThere: boolean): void;
  /** Why it cannot work now, a sentence each; empty if it can. */
  problems(): readonly string[];
};

/** A Worker that is deployed or restarted is back sooner. */
const AWAY_MS = 10_000;

/** Begins as one that has not joined. @param nowMs a clock that is never set */
export const createReadiness = (nowMs = (): number => performance.now()): Readiness => {
  let state: "joining" | "joined" | "draining" = "joining";
  let awaySince: number | undefined;

  return {
    joined() {
      if (state === "joining") state = "joined";
    },
    draining: () => void (state = "draining"),
    workerReached(isThere) {
      awaySince = isThere ? undefined : (awaySince ?? nowMs());
    },
    problems() {
      const awayMs = awaySince === undefined ? 0 : nowMs() - awaySince;
      return [
        ...(state === "joining" ? ["The consumer is not a member of its group yet."] : []),
        ...(state === "draining" ? ["The consumer is stopping."] : []),
        ...(awayMs > AWAY_MS ? [`Nothing could be delivered to the Worker for ${Math.floor(awayMs / 1_000)} s: the log says why.`] : []),
      ];
    },
  };
};
