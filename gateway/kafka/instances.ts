import type { Clock } from "../clock.ts";
import type { ConsumeRequest, ConsumerGroup, InstanceName, InstanceOptions } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Assignment, Member } from "./member.ts";
import type { Positions } from "./positions.ts";
import type { Requests } from "../../kafka/library.ts";
import type { Wait } from "./wait.ts";

/** A consumer instance of this gateway: a member of a group of Kafka's, with a connection of its own. */
export type Instance = InstanceName & {
  readonly options: InstanceOptions;
  readonly member: Member;
  readonly requests: Requests;
  topics: ReadonlySet<string>;
  positions: Positions;
  /** What the positions are of. */
  positionsOf: Assignment | undefined;
  /** The consume that is waiting or being answered. */
  consuming: { readonly wait: Wait; waiting: boolean } | undefined;
  /** When it was last heard of, in ms. */
  seenAt: number;
  /** Why there is nothing more to be had from it. */
  ended: GatewayError | undefined;
  readonly timers: Map<string, unknown>;
  /** Lets go of its connection. */
  readonly close: () => Promise<void>;
};

/** Which instances live here: they come with their first consume, and go when deleted, not heard of, or taken by another gateway. */
export type Instances = {
  /**
   * The instance as the request wants it: made if it is not there, subscribed anew if its topics are others.
   * @throws GatewayError 409 while it is consuming, 503 if there are as many instances as there may be
   */
  enter(request: ConsumeRequest): Instance;
  /** Says that the instance lives. @throws GatewayError 404 if it does not */
  find(name: InstanceName): Instance;
  /** Says that the instance lives, if there is one. */
  renew(name: InstanceName): void;
  /** Ends the instance, and resolves when its partitions are free for others. */
  end(instance: Instance, why: GatewayError): Promise<void>;
  all(): readonly Instance[];
  describe(): ConsumerGroup[];
};

export type InstancesOptions = {
  /** Joins the group, with a connection of its own. */
  readonly create: (request: ConsumeRequest, options: InstanceOptions, onFenced: (why: GatewayError) => void) => Instance;
  /** Commits what was delivered, if the instance is so. */
  readonly autoCommit: (instance: Instance) => Promise<void>;
  readonly clock: Clock;
};

/** Each holds a connection to every broker that it reads from. */
const MAX_INSTANCES = 1_000;
/** How often the others are asked to look, and how many times, until one that comes has come: its own call is somewhere on the way. */
const HURRY_MS = 50;
const HURRIES = 20;

export const createInstances = ({ create, autoCommit, clock }: InstancesOptions): Instances => {
  const groups = new Map<string, Map<string, Instance>>();
  let count = 0;

  const look = (name: InstanceName): Instance | undefined => {
    const instance = groups.get(name.group)?.get(name.instance);
    if (instance !== undefined) instance.seenAt = clock.now();
    return instance;
  };

  const find = (name: InstanceName): Instance => {
    const instance = look(name);
    if (instance !== undefined) return instance;
    throw new GatewayError(
      404,
      `There is no instance ${JSON.stringify(name.instance)} in group ${JSON.stringify(name.group)} at this gateway: it was not created by a consume here, or its session ended.`,
    );
  };

  const add = (request: ConsumeRequest): Instance => {
    if (count >= MAX_INSTANCES)
      throw new GatewayError(503, "The gateway has as many consumer instances as it can: try again when others have ended.", {
        retryAfterSeconds: 10,
      });
    const instance = create(request, request.options(), (why) => void end(instance, why));
    const group = groups.get(request.group) ?? new Map<string, Instance>();
    groups.set(request.group, group.set(request.instance, instance));
    count += 1;
    hurryOthers(instance, HURRIES);
    watchSession(instance, instance.options.sessionTimeoutMs);
    if (instance.options.autoCommit) repeatAutoCommit(instance);
    return instance;
  };

  /** Who is here already need not wait for a heartbeat to hear of who comes. */
  const hurryOthers = (instance: Instance, left: number): void => {
    if (left === 0 || instance.ended !== undefined || instance.member.assignment() !== undefined) return;
    for (const other of groups.get(instance.group)?.values() ?? []) if (other !== instance) other.member.hurry();
    instance.timers.set(
      "hurry",
      clock.setTimeout(() => hurryOthers(instance, left - 1), HURRY_MS),
    );
  };

  const watchSession = (instance: Instance, ms: number): void => {
    const check = (): void => {
      if (instance.consuming?.waiting === true) instance.seenAt = clock.now();
      const left = instance.seenAt + instance.options.sessionTimeoutMs - clock.now();
      if (left > 0) watchSession(instance, left);
      else void autoCommit(instance).then(() => end(instance, new GatewayError(404, "The session of the instance has ended.")));
    };
    instance.timers.set("session", clock.setTimeout(check, ms));
  };

  const repeatAutoCommit = (instance: Instance): void => {
    const commit = async (): Promise<void> => {
      await autoCommit(instance);
      if (instance.ended === undefined) repeatAutoCommit(instance);
    };
    instance.timers.set(
      "auto-commit",
      clock.setTimeout(() => void commit(), instance.options.autoCommitIntervalMs),
    );
  };

  const end = async (instance: Instance, why: GatewayError): Promise<void> => {
    if (instance.ended !== undefined) return;
    instance.ended = why;
    for (const timer of instance.timers.values()) clock.clearTimeout(timer);
    const group = groups.get(instance.group);
    group?.delete(instance.instance);
    if (group?.size === 0) groups.delete(instance.group);
    count -= 1;
    instance.consuming?.wait.cut();
    // If it cannot be said, the group finds out when the member's session is over.
    await instance.member.leave().catch(() => undefined);
    for (const other of group?.values() ?? []) other.member.hurry();
    await instance.close();
  };

  return {
    enter(request) {
      const instance = look(request) ?? add(request);
      if (instance.consuming !== undefined)
        throw new GatewayError(409, `Instance ${JSON.stringify(request.instance)} is consuming already: one consume at a time.`);
      const wanted = new Set(request.topics);
      if (wanted.size !== instance.topics.size || request.topics.some((topic) => !instance.topics.has(topic))) {
        instance.topics = wanted;
        instance.member.subscribe(wanted);
      }
      return instance;
    },
    find,
    renew: (name) => void look(name),
    end,
    all: () => [...groups.values()].flatMap((group) => [...group.values()]),
    describe: () =>
      [...groups].map(([name, group]) => ({
        name,
        instances: [...group.values()].map((instance) => ({
          name: instance.instance,
          topics: [...instance.topics].map((topic) => ({ topic, partitions: partitionsOf(instance, topic) })),
        })),
      })),
  };
};

const partitionsOf = ({ member }: Instance, wanted: string): readonly number[] =>
  (member.assignment()?.partitions ?? []).flatMap(({ topic, partition }) => (topic === wanted ? [partition] : [])).sort((a, b) => a - b);
