import { type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { FetchRequest, StoredRecord } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { readAnswer } from "./answer.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { LogOffsets } from "../../kafka/log-offsets.ts";
import { createPosition, type Position, type Positions } from "../sessions/position.ts";
import type { OwnConnections } from "../../kafka/cluster.ts";
import type { Wait, Waits } from "../sessions/wait.ts";

/** Reading without a group. */
export type Fetches = {
  fetch(request: FetchRequest): Promise<readonly StoredRecord[]>;
  close(): Promise<void>;
};

export type FetchesOptions = {
  readonly connect: () => OwnConnections;
  readonly directory: Directory;
  readonly logOffsets: LogOffsets;
  readonly waits: Waits;
};

/** How many connections to each broker the calls share, at most: a broker answers the requests on one connection in turn. */
const MAX_SHARED = 16;
/** How long a broker waits for records at a time; less where others wait for the connection. */
const POLL_MS = 500;
const SHARED_POLL_MS = 25;

type SharedConnections = OwnConnections & { users: number };

export const createFetches = ({ connect, directory, logOffsets, waits }: FetchesOptions): Fetches => {
  const opened: SharedConnections[] = [];

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
      memory: request.memory,
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
    fetch: (request) => waits.during(request, (wait) => readOrWait(request, wait)),
    async close() {
      await Promise.all(opened.map((connections) => connections.close()));
    },
  };
};

/** If a call asks for a partition twice, the smaller offset counts: the records from the other one on follow. */
const positionsOf = (offsets: readonly TopicPartitionOffset[]): Positions => {
  const positions: Positions = new Map();
  for (const { topic, partition, offset } of offsets) {
    const key = topicPartitionKey({ topic, partition });
    const next = Math.min(offset, positions.get(key)?.next ?? offset);
    positions.set(key, createPosition({ topic, partition }, next));
  }
  return positions;
};
