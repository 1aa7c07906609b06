import type { Clock } from "../clock.ts";
import { type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { FetchRequest, StoredRecord } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { readAnswer } from "./answer.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { LogOffsets } from "../../kafka/log-offsets.ts";
import type { Position, Positions } from "./positions.ts";
import type { OwnConnections } from "../../kafka/cluster.ts";
import { createWait, type Wait } from "./wait.ts";

/** Reading without a group. */
export type Fetches = {
  fetch(request: FetchRequest): Promise<readonly StoredRecord[]>;
  /** Ends all waiting, now and from now on. */
  drain(): void;
  close(): Promise<void>;
};

export type FetchesOptions = {
  readonly connect: () => OwnConnections;
  readonly directory: Directory;
  readonly logOffsets: LogOffsets;
  readonly clock: Clock;
};

/** Connections to each broker, at most, that calls share: a broker answers what comes on one in turn. */
const MAX_SHARED = 16;
/** How long a broker waits for records at a time; less where others wait for the connection. */
const POLL_MS = 500;
const SHARED_POLL_MS = 25;

type SharedConnections = OwnConnections & { users: number };

export const createFetches = ({ connect, directory, logOffsets, clock }: FetchesOptions): Fetches => {
  const opened: SharedConnections[] = [];
  const waiting = new Set<Wait>();
  let draining = false;

  const takeConnections = (): SharedConnections => {
    let connections = opened.find(({ users }) => users === 0);
    if (connections === undefined && opened.length < MAX_SHARED) {
      opened.push((connections = { ...connect(), users: 0 }));
    }
    connections ??= opened.toSorted((one, other) => one.users - other.users)[0] as SharedConnections;
    connections.users += 1;
    return connections;
  };

  const read = async (
    { requests }: OwnConnections,
    positions: Positions,
    request: FetchRequest,
    wait: Wait,
    waitMs: number,
  ): Promise<readonly StoredRecord[]> => {
    const answer = await readAnswer({
      requests,
      directory,
      positions,
      room: request.room,
      wait,
      waitMs,
      isCurrent: () => true,
      moveIntoLog: moveToStart,
    });
    return answer.records;
  };

  const moveToStart = async (position: Position): Promise<void> => {
    const [[earliest], [latest]] = await Promise.all([logOffsets("earliest", [position]), logOffsets("latest", [position])]);
    const { topic, partition, next = 0 } = position;
    const end = latest?.offset ?? 0;
    if (next > end)
      throw new GatewayError(
        400,
        `Expected the offset to be from 0 to ${end}, the end of partition ${partition} of ${JSON.stringify(topic)}, got ${next}.`,
      );
    position.next = earliest?.offset;
  };

  const readOrWait = async (request: FetchRequest, wait: Wait): Promise<readonly StoredRecord[]> => {
    const positions = positionsOf(request.offsets);
    for (let isFirst = true; !wait.isCut() || isFirst; isFirst = false) {
      const connections = takeConnections();
      try {
        const pollMs = connections.users > 1 ? SHARED_POLL_MS : POLL_MS;
        const records = await read(connections, positions, request, wait, isFirst ? 0 : Math.min(pollMs, wait.leftMs()));
        if (records.length > 0 || wait.isOver()) return records;
      } finally {
        connections.users -= 1;
      }
    }
    return [];
  };

  return {
    async fetch(request) {
      const wait = createWait({ ...request, timeoutMs: draining ? 0 : request.timeoutMs }, clock);
      waiting.add(wait);
      try {
        return await readOrWait(request, wait);
      } finally {
        wait.end();
        waiting.delete(wait);
      }
    },
    drain() {
      draining = true;
      for (const wait of waiting) wait.cut();
    },
    async close() {
      await Promise.all(opened.map((connections) => connections.close()));
    },
  };
};

/** Of a partition that is asked for twice, the smaller offset counts: its records are among those that follow. */
const positionsOf = (offsets: readonly TopicPartitionOffset[]): Positions => {
  const positions: Positions = new Map();
  for (const { topic, partition, offset } of offsets) {
    const key = topicPartitionKey({ topic, partition });
    const next = Math.min(offset, positions.get(key)?.next ?? offset);
    positions.set(key, { topic, partition, next, delivered: undefined, committed: undefined, end: undefined });
  }
  return positions;
};
