import type { Time } from "../../environment/time.ts";
import { type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { Batch, ConsumeRequest, OwnInstance } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Assignment, Groups } from "./groups.ts";
import { deliveredOffsets, NOTHING, requireBeginnings, settleTaken, type Taking } from "./position.ts";
import { PATIENCE_MS, type Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createWait, type Wait, type Waits } from "./wait.ts";

/** The calls of consumer instances. */
export type Consumers = Pick<Sessions, "all" | "close" | "describe" | "gauge" | "renew"> & {
  consume(request: ConsumeRequest): Promise<Batch>;
  /** Without offsets: after the last record that each partition was given. */
  commit(name: OwnInstance, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Ends an instance, after a last auto-commit. @throws GatewayError 404, 403 if it belongs to another user */
  remove(name: OwnInstance): Promise<void>;
};

export type ConsumersOptions = { readonly groups: Groups; readonly waits: Waits; readonly time: Time };

/** Between attempts to commit during a rebalance. */
const PAUSE_MS = 100;

export const createConsumers = ({ groups, waits, time }: ConsumersOptions): Consumers => {
  const sessions = createSessions(groups, time);

  const consume = async (request: ConsumeRequest): Promise<Batch> => {
    const { session, answer, finish } = sessions.enter(request);
    try {
      const { records, taken } = await waits.during(request, (wait) => session.during(wait, () => takeOrWait(session, request, wait)));
      // An instance that was deleted, or whose session has ended, is answered without records.
      const ended = session.ended();
      if (ended?.status === 409) throw ended;
      if (records.length === 0) finish();
      else answer();
      return {
        records,
        settle(written) {
          if (records.length === 0) return;
          settleTaken(taken, written);
          finish();
        },
      };
    } catch (error) {
      finish();
      // An instance that never began to read leaves nothing behind.
      if (!session.hasBegun()) void sessions.end(session, new GatewayError(404, "The instance could not join its group."));
      throw error;
    }
  };

  const requireOwned = async ({ name }: Session, { partitions }: Assignment, offsets: readonly TopicPartitionOffset[]): Promise<void> => {
    const owned = new Set(partitions.map(topicPartitionKey));
    const foreign = offsets.find((at) => !owned.has(topicPartitionKey(at)));
    if (foreign === undefined) return;
    await groups.requirePartition(foreign);
    throw new GatewayError(
      409,
      `Instance ${JSON.stringify(name.instance)} does not own partition ${foreign.partition} of ${JSON.stringify(foreign.topic)}.`,
    );
  };

  const commit = async (session: Session, explicit: readonly TopicPartitionOffset[], wait: Wait): Promise<void> => {
    for (;;) {
      const assignment = await session.whenAssigned(wait);
      if (assignment === undefined) throw session.ended() ?? rebalancing();
      if (explicit.length > 0) await requireOwned(session, assignment, explicit);
      const offsets = explicit.length > 0 ? explicit : deliveredOffsets(session.positions());
      if (offsets.length === 0) return;
      if (await assignment.commit(offsets)) return session.noteCommitted(offsets);
      if (wait.isOver()) throw rebalancing();
      await wait.pause(PAUSE_MS);
    }
  };

  return {
    consume,
    async commit(name, offsets) {
      const session = sessions.find(name);
      // Not cut when the gateway drains: what was delivered may still be committed.
      const wait = createWait({ timeoutMs: PATIENCE_MS, signal: new AbortController().signal }, time);
      await session.during(wait, () => commit(session, offsets, wait));
    },
    remove: async (name) => sessions.end(sessions.find(name), new GatewayError(404, "The instance was deleted.")),
    all: sessions.all,
    renew: sessions.renew,
    describe: sessions.describe,
    gauge: sessions.gauge,
    close: sessions.close,
  };
};

const takeOrWait = async (session: Session, { memory }: ConsumeRequest, wait: Wait): Promise<Taking> => {
  for (let waitMs = 0; !wait.isCut(); waitMs = wait.leftMs()) {
    const assignment = await session.whenAssigned(wait);
    if (assignment === undefined) return NOTHING;
    await session.whenBegun();
    const isCurrent = (): boolean => session.assignment() === assignment;
    if (!isCurrent()) continue;
    const positions = session.positions();
    requireBeginnings(positions);
    const taking = positions.size > 0 ? await assignment.read({ positions, memory, wait, waitMs, isCurrent }) : NOTHING;
    if (taking.records.length > 0 || wait.isOver()) return taking;
    if (positions.size === 0) await wait.pause(wait.leftMs());
  }
  return NOTHING;
};

const rebalancing = (): GatewayError =>
  new GatewayError(503, "The group is rebalancing. Try again a little later.", { retryAfterSeconds: 1 });
