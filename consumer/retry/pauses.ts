import { systemTime, type Time } from "../../environment/time.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { InFlightLimiter } from "../in-flight-limiter.ts";
import type { Source } from "../source.ts";

/** How a pause ended: its time is over, somebody has cancelled the request, or its record is left to others. */
type PauseEnd = "over" | "cancelled" | "cut-off";

/** The pauses of requests that wait for another attempt. Their records stay in flight meanwhile. */
export type Pauses = {
  /**
   * Waits until that time, in milliseconds since 1970. Never rejects.
   * @param watch calls back when the request is cancelled; returns what ends that
   */
  wait(taken: TopicPartition, until: number, watch?: (onCancel: () => void) => () => void): Promise<PauseEnd>;
  /** Cuts off the pauses of partitions that go to other members. */
  cutOff(partitions: readonly TopicPartition[]): void;
  /** A record was taken: where records that wait take too much of the room in flight, the source leaves out their partitions for a while. */
  makeRoom(): void;
};

type PausesOptions = {
  readonly source: Pick<Source, "pause" | "resume">;
  readonly inFlight: Pick<InFlightLimiter, "fullness">;
  /** Cuts off all pauses, and those that follow at once. */
  readonly draining: AbortSignal;
  readonly time?: Time | undefined;
};

/** From here on partitions are left out, so that the other half is for the others. */
const CROWDED = 0.5;
/** Below, they are read again, though some of their records still wait. */
const ROOMY = 0.25;

/** A partition with requests that pause. */
type PausingPartition = TopicPartition & { readonly cuts: Set<() => void>; isLeftOut: boolean };

export const createPauses = ({ source, inFlight, draining, time = systemTime }: PausesOptions): Pauses => {
  const partitions = new Map<string, PausingPartition>();

  const begin = ({ topic, partition }: TopicPartition, cut: () => void): PausingPartition => {
    const key = topicPartitionKey({ topic, partition });
    const pausing = partitions.get(key) ?? { topic, partition, cuts: new Set(), isLeftOut: false };
    partitions.set(key, pausing);
    pausing.cuts.add(cut);
    return pausing;
  };

  const end = (pausing: PausingPartition, cut: () => void): void => {
    pausing.cuts.delete(cut);
    if (pausing.cuts.size === 0) partitions.delete(topicPartitionKey(pausing));
    if (!pausing.isLeftOut || (pausing.cuts.size > 0 && inFlight.fullness > ROOMY)) return;
    pausing.isLeftOut = false;
    source.resume?.(pausing);
  };

  const makeRoom = (): void => {
    if (partitions.size === 0 || inFlight.fullness < CROWDED) return;
    for (const pausing of partitions.values()) {
      if (pausing.isLeftOut) continue;
      pausing.isLeftOut = true;
      source.pause?.(pausing);
    }
  };

  draining.addEventListener("abort", () => {
    for (const { cuts } of partitions.values()) for (const cut of [...cuts]) cut();
  });

  return {
    wait: (taken, until, watch) =>
      new Promise((resolve) => {
        if (draining.aborted) return resolve("cut-off");
        const finish = (how: PauseEnd): void => {
          time.clearTimeout(timer);
          unwatch();
          end(pausing, cut);
          resolve(how);
        };
        const cut = (): void => finish("cut-off");
        let unwatch = (): void => {};
        const wait = (): unknown => {
          const milliseconds = until - time.now();
          // A longer one than the platform's timers can take ends early.
          return time.setTimeout(() => (time.now() < until ? (timer = wait()) : finish("over")), Math.max(milliseconds, 0));
        };
        const pausing = begin(taken, cut);
        let timer = wait();
        makeRoom();
        if (watch !== undefined) unwatch = watch(() => finish("cancelled"));
      }),
    cutOff(revoked) {
      for (const partition of revoked) for (const cut of [...(partitions.get(topicPartitionKey(partition))?.cuts ?? [])]) cut();
    },
    makeRoom,
  };
};
