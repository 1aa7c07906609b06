import { systemTime, type Time } from "../../environment/time.ts";
import { type TopicPartition, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { InFlightLimiter } from "../in-flight-limiter.ts";
import type { Source } from "../source.ts";

/** How a pause ended: its time is over, somebody has cancelled the request, or its record is left to others. */
type PauseEnd = "over" | "cancelled" | "cut-off";

/** What else a pause depends on. */
type PauseOptions = {
  /** Calls back when the request is cancelled; returns what ends that. */
  readonly watch?: ((onCancel: () => void) => () => void) | undefined;
  /** How many records wait for this one, now. */
  readonly behind?: () => number;
};

/** The pauses of requests that wait for another attempt. Their records stay in flight meanwhile. */
export type Pauses = {
  /** Waits until that time, in milliseconds since 1970. Never rejects. */
  wait(taken: TopicPartition, until: number, options?: PauseOptions): Promise<PauseEnd>;
  /** Cuts off the pauses of partitions that go to other members. */
  cutOff(partitions: readonly TopicPartition[]): void;
  /** A record was taken: where too much of the room in flight is taken by records that wait, the source leaves its partition out for a while. */
  makeRoom(taken: TopicPartition): void;
};

type PausesOptions = {
  readonly source: Pick<Source, "pause" | "resume">;
  readonly inFlight: Pick<InFlightLimiter, "records" | "fullness">;
  /** Cuts off all pauses, and those that follow at once. */
  readonly draining: AbortSignal;
  readonly time?: Time | undefined;
};

/** From here on partitions with pauses are left out, so that the other half of the room is for the others. */
const CROWDED = 0.5;
/** Below, they are read again, though some of their records still wait. */
const ROOMY = 0.25;

type Pause = { readonly cut: () => void; readonly behind: () => number };
/** A partition with requests that pause. */
type PausingPartition = TopicPartition & { readonly pauses: Set<Pause>; isLeftOut: boolean };

const nobody = (): number => 0;

export const createPauses = ({ source, inFlight, draining, time = systemTime }: PausesOptions): Pauses => {
  const partitions = new Map<string, PausingPartition>();

  /** How much of the room is taken by what pauses, and by what waits for it. */
  const share = (): number => {
    if (inFlight.records === 0) return 0;
    let records = 0;
    for (const { pauses } of partitions.values()) for (const { behind } of pauses) records += 1 + behind();
    return (records / inFlight.records) * inFlight.fullness;
  };

  const begin = ({ topic, partition }: TopicPartition, pause: Pause): PausingPartition => {
    const key = topicPartitionKey({ topic, partition });
    const pausing = partitions.get(key) ?? { topic, partition, pauses: new Set(), isLeftOut: false };
    partitions.set(key, pausing);
    pausing.pauses.add(pause);
    return pausing;
  };

  const resume = (pausing: PausingPartition): void => {
    if (!pausing.isLeftOut) return;
    pausing.isLeftOut = false;
    source.resume?.(pausing);
  };

  const end = (pausing: PausingPartition, pause: Pause): void => {
    pausing.pauses.delete(pause);
    if (pausing.pauses.size === 0) {
      partitions.delete(topicPartitionKey(pausing));
      resume(pausing);
    }
    const leftOut = [...partitions.values()].filter(({ isLeftOut }) => isLeftOut);
    if (leftOut.length > 0 && share() <= ROOMY) for (const other of leftOut) resume(other);
  };

  const makeRoom = (taken: TopicPartition): void => {
    if (partitions.size === 0 || inFlight.fullness < CROWDED) return;
    const pausing = partitions.get(topicPartitionKey(taken));
    if (pausing === undefined || pausing.isLeftOut || share() < CROWDED) return;
    pausing.isLeftOut = true;
    source.pause?.(pausing);
  };

  draining.addEventListener("abort", () => {
    for (const { pauses } of partitions.values()) for (const { cut } of [...pauses]) cut();
  });

  return {
    wait: (taken, until, { watch, behind = nobody } = {}) =>
      new Promise((resolve) => {
        if (draining.aborted) return resolve("cut-off");
        let unwatch = (): void => {};
        const finish = (how: PauseEnd): void => {
          time.clearTimeout(timer);
          unwatch();
          end(pausing, pause);
          resolve(how);
        };
        const pause: Pause = { cut: () => finish("cut-off"), behind };
        // A longer one than the platform's timers can take ends early.
        const setTimer = (): unknown =>
          time.setTimeout(() => (time.now() < until ? (timer = setTimer()) : finish("over")), Math.max(until - time.now(), 0));
        const pausing = begin(taken, pause);
        let timer = setTimer();
        makeRoom(taken);
        if (watch !== undefined) unwatch = watch(() => finish("cancelled"));
      }),
    cutOff(revoked) {
      for (const partition of revoked) for (const { cut } of [...(partitions.get(topicPartitionKey(partition))?.pauses ?? [])]) cut();
    },
    makeRoom,
  };
};
