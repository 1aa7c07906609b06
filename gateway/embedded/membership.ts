import type { Clock } from "../clock.ts";
import type { ConsumeRequest, ConsumerGroup, InstanceName } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Commits } from "./commits.ts";
import { createGroup, type Group } from "./group.ts";
import { type Instance, uncommitted } from "./instance.ts";
import type { Topics } from "./partition.ts";

/** Which instances live, in which groups: they come with their first consume, and go when deleted or not heard of. */
export type Membership = {
  /**
   * The instance as the request wants it: made if it is not there, subscribed anew if its topics are others.
   * @throws GatewayError 409 while it is consuming, 503 if there are as many instances as there may be.
   */
  enter(request: ConsumeRequest): Member;
  /** Says that the instance lives. @throws GatewayError 404 if it does not */
  find(name: InstanceName): Member;
  /** Says that the instance lives, if there is one. */
  renew(name: InstanceName): void;
  /** @throws GatewayError 404 */
  remove(name: InstanceName): void;
  instances(): Iterable<Instance>;
  describe(): ConsumerGroup[];
  /** Ends all instances, committing what auto-commit would. */
  close(): void;
};

export type Member = { readonly group: Group; readonly instance: Instance };

/** Each holds some kilobytes for as long as its session, which can be a day. */
const MAX_INSTANCES = 20_000;

export const createMembership = (topics: Topics, commits: Commits, clock: Clock): Membership => {
  const groups = new Map<string, Group>();
  let count = 0;

  const look = (name: InstanceName): Member | undefined => {
    const group = groups.get(name.group);
    const instance = group?.instances.get(name.instance);
    if (group === undefined || instance === undefined) return undefined;
    instance.seenAt = clock.now();
    return { group, instance };
  };

  const find = (name: InstanceName): Member => {
    const member = look(name);
    if (member !== undefined) return member;
    throw new GatewayError(
      404,
      `There is no instance ${JSON.stringify(name.instance)} in group ${JSON.stringify(name.group)}: it was not created by a consume, or its session ended.`,
    );
  };

  const create = ({ group: groupName, instance: name, topics: subscribed, options: readOptions }: ConsumeRequest): Member => {
    if (count >= MAX_INSTANCES)
      throw new GatewayError(503, "The gateway has as many consumer instances as it can: try again when others have ended.", {
        retryAfterSeconds: 10,
      });
    const options = readOptions();
    const group = groups.get(groupName) ?? createGroup(groupName, topics, commits);
    const instance: Instance = {
      name,
      options,
      topics: new Set(subscribed),
      positions: new Map(),
      consuming: undefined,
      seenAt: clock.now(),
      timers: new Map(),
    };
    const member = { group, instance };
    groups.set(groupName, group);
    group.instances.set(name, instance);
    count += 1;
    group.rebalance();
    watchSession(member, options.sessionTimeoutMs);
    if (options.autoCommit) repeatAutoCommit(member);
    return member;
  };

  const watchSession = (member: Member, ms: number): void => {
    const { instance } = member;
    const check = (): void => {
      if (instance.consuming?.waiting === true) instance.seenAt = clock.now();
      const left = instance.seenAt + instance.options.sessionTimeoutMs - clock.now();
      if (left > 0) watchSession(member, left);
      else end(member);
    };
    instance.timers.set("session", clock.setTimeout(check, ms));
  };

  const repeatAutoCommit = (member: Member): void => {
    const commit = (): void => {
      autoCommit(member);
      repeatAutoCommit(member);
    };
    member.instance.timers.set("auto-commit", clock.setTimeout(commit, member.instance.options.autoCommitIntervalMs));
  };

  const autoCommit = ({ group: { name }, instance }: Member): void => {
    if (instance.options.autoCommit)
      commits.setInBackground(
        name,
        uncommitted(instance, (partition) => commits.of(name, partition)),
      );
  };

  const end = ({ group, instance }: Member): void => {
    clearTimers(instance);
    group.instances.delete(instance.name);
    count -= 1;
    instance.positions.clear();
    instance.consuming?.wait.end();
    if (group.instances.size === 0) groups.delete(group.name);
    else group.rebalance();
  };

  const clearTimers = ({ timers }: Instance): void => {
    for (const timer of timers.values()) clock.clearTimeout(timer);
  };

  return {
    enter(request) {
      const member = look(request) ?? create(request);
      if (member.instance.consuming !== undefined)
        throw new GatewayError(409, `Instance ${JSON.stringify(request.instance)} is consuming already: one consume at a time.`);
      const wanted = new Set(request.topics);
      if (!isSame(wanted, member.instance.topics)) {
        member.instance.topics = wanted;
        member.group.rebalance();
      }
      return member;
    },
    find,
    renew: (name) => void look(name),
    remove(name) {
      const member = find(name);
      autoCommit(member);
      end(member);
    },
    *instances() {
      for (const { instances } of groups.values()) yield* instances.values();
    },
    describe: () => [...groups.values()].map((group) => group.describe()),
    close() {
      for (const group of groups.values()) {
        for (const instance of group.instances.values()) {
          autoCommit({ group, instance });
          clearTimers(instance);
        }
      }
      groups.clear();
    },
  };
};

const isSame = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((element) => other.has(element));
