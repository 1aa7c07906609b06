import { KafkaError } from "../../kafka/kafka-error.ts";
import { kafkaErrorOf } from "../../kafka/errors.ts";
import { createBatch } from "../batch.ts";
import type { Clock } from "../clock.ts";
import { type TopicPartitionOffset, topicPartitionKey } from "../../protocol/topic-partition.ts";
import type { Batch, ConsumeRequest, InstanceName } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { type Answer, readAnswer, settleTaken } from "./answer.ts";
import type { Directory } from "../../kafka/directory.ts";
import type { GroupRequests } from "../../kafka/group-requests.ts";
import type { Instance, Instances, InstancesOptions } from "./instances.ts";
import type { LogOffsets } from "../../kafka/log-offsets.ts";
import type { Assignment } from "./member.ts";
import { beginPositions, moveIntoLog, noteCommitted, requireBeginnings, uncommitted } from "./positions.ts";
import { createWait, type Wait } from "./wait.ts";

/** What instances consume and commit. */
export type Consumers = {
  consume(request: ConsumeRequest): Promise<Batch>;
  commit(name: InstanceName, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Ends an instance, after what auto-commit would commit. @throws GatewayError 404 */
  remove(name: InstanceName): Promise<void>;
  /** Ends all waiting, now and from now on. */
  drain(): void;
};

export type ConsumersOptions = {
  readonly instances: Instances;
  readonly groups: GroupRequests;
  readonly directory: Directory;
  readonly logOffsets: LogOffsets;
  readonly autoCommit: InstancesOptions["autoCommit"];
  readonly clock: Clock;
};

/** A call waits so long for its group to share out, whatever time it has for records. */
const PATIENCE_MS = 5_000;
/** How long a broker waits for records at a time: what follows on the connection waits so long, once its call is gone. */
const POLL_MS = 500;
const PAUSE_MS = 100;

const NOTHING: Answer = { records: [], taken: [] };

export const createConsumers = ({ instances, groups, directory, logOffsets, autoCommit, clock }: ConsumersOptions): Consumers => {
  let draining = false;

  /** What the instance owns; undefined if its group is still sharing out when it has waited long enough. @throws KafkaError */
  const assignmentOf = async (instance: Instance, wait: Wait): Promise<Assignment | undefined> => {
    const { member } = instance;
    const until = clock.now() + Math.max(PATIENCE_MS, wait.leftMs());
    for (;;) {
      const [assignment, failure] = [member.assignment(), member.failure()];
      if (assignment !== undefined) return assignment;
      if (failure !== undefined && isToBeTold(failure)) throw failure;
      const left = until - clock.now();
      if (instance.ended !== undefined || wait.isCut() || left <= 0) return undefined;
      await wait.until(member.changed(), left);
    }
  };

  const begin = async (instance: Instance, assignment: Assignment): Promise<void> => {
    if (instance.positionsOf === assignment) return;
    const positions = await beginPositions(assignment, instance, instance.options, {
      committed: (partitions) => groups.committed(instance.group, partitions),
      logOffsets,
    });
    instance.positions = positions;
    instance.positionsOf = assignment;
  };

  const read = (instance: Instance, request: ConsumeRequest, wait: Wait, waitMs: number): Promise<Answer> => {
    const { positions, positionsOf, requests, options, member } = instance;
    return readAnswer({
      requests,
      directory,
      positions,
      room: request.room,
      wait,
      waitMs,
      // Meanwhile it may own others, or be gone: then this is not for it.
      isCurrent: () => member.assignment() === positionsOf,
      moveIntoLog: (position) => moveIntoLog(position, options, logOffsets),
    });
  };

  const takeOrWait = async (instance: Instance, request: ConsumeRequest, wait: Wait): Promise<Answer> => {
    for (let waitMs = 0; !wait.isCut(); waitMs = Math.min(POLL_MS, wait.leftMs())) {
      const assignment = await assignmentOf(instance, wait);
      if (assignment === undefined) return NOTHING;
      await begin(instance, assignment);
      requireBeginnings(instance.positions);
      if (instance.positions.size === 0) await wait.until(instance.member.changed(), wait.leftMs());
      const taking = instance.positions.size === 0 ? NOTHING : await read(instance, request, wait, waitMs);
      if (taking.records.length > 0 || wait.isOver()) return taking;
    }
    return NOTHING;
  };

  const consume = async (instance: Instance, request: ConsumeRequest): Promise<Batch> => {
    const wait = createWait({ ...request, timeoutMs: draining ? 0 : request.timeoutMs }, clock);
    const consuming = { wait, waiting: true };
    instance.consuming = consuming;
    if (draining) wait.cut();
    const finish = (): void => {
      instance.seenAt = clock.now();
      instance.consuming = undefined;
    };
    try {
      const { records, taken } = await takeOrWait(instance, request, wait);
      if (instance.ended !== undefined && instance.ended.status === 409) throw instance.ended;
      consuming.waiting = false;
      return createBatch({ records, settle: (written) => settleTaken(taken, written), finish });
    } catch (error) {
      finish();
      // Of an instance that never came to be nothing is left.
      if (instance.positionsOf === undefined && !(error instanceof GatewayError && error.status === 400))
        void instances.end(instance, new GatewayError(404, "The instance could not join its group."));
      throw error;
    } finally {
      wait.end();
    }
  };

  const requireOwned = async (name: InstanceName, { partitions }: Assignment, offsets: readonly TopicPartitionOffset[]): Promise<void> => {
    const owned = new Set(partitions.map(topicPartitionKey));
    const foreign = offsets.find((place) => !owned.has(topicPartitionKey(place)));
    if (foreign === undefined) return;
    if (!(await directory.find([foreign.topic])).has(foreign.topic))
      throw new GatewayError(404, `There is no topic ${JSON.stringify(foreign.topic)}.`);
    throw new GatewayError(
      409,
      `Instance ${JSON.stringify(name.instance)} does not own partition ${foreign.partition} of ${JSON.stringify(foreign.topic)}.`,
    );
  };

  return {
    consume: (request) => consume(instances.enter(request), request),
    async commit(name, explicit) {
      const instance = instances.find(name);
      const wait = createWait({ timeoutMs: PATIENCE_MS, signal: new AbortController().signal }, clock);
      for (;;) {
        const assignment = await assignmentOf(instance, wait);
        if (assignment === undefined) throw instance.ended ?? new KafkaError("unavailable", "the group is sharing out its partitions");
        const offsets = explicit.length === 0 ? uncommitted(instance, assignment) : explicit;
        if (explicit.length > 0) await requireOwned(name, assignment, offsets);
        if (offsets.length === 0) return;
        try {
          await groups.commit(name, assignment, offsets);
          return noteCommitted(instance, offsets);
        } catch (error) {
          // Sharing out: whether the partitions are still its own is known afterwards.
          const failure = kafkaErrorOf(error);
          if (failure.code !== "rebalanced" || wait.isOver()) throw failure;
          instance.member.hurry();
          await wait.until(instance.member.changed(), PAUSE_MS);
        }
      }
    },
    async remove(name) {
      const instance = instances.find(name);
      await autoCommit(instance);
      await instances.end(instance, new GatewayError(404, "The instance was deleted."));
    },
    drain() {
      draining = true;
      for (const { consuming } of instances.all()) consuming?.wait.cut();
    },
  };
};

/** What does not pass while a call waits: a member goes on trying by itself. */
const isToBeTold = ({ code, protocolError }: KafkaError): boolean =>
  code !== "rebalanced" && !(code === "unavailable" && protocolError !== undefined);
