import type { Time } from "../../environment/time.ts";
import type { ConsumeRequest, ConsumerGroup, Gauge, InstanceName, OwnInstance } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Groups } from "./groups.ts";
import { createSession, type Session } from "./session.ts";

/** The instances of this gateway. Each begins with its first consume, and ends when it is deleted, silent for too long, or taken over by another gateway. */
export type Sessions = {
  /**
   * Begins a consume. Makes the instance if it is not there, and subscribes it anew if its topics have changed.
   * @throws GatewayError 403 if it belongs to another user, 409 while it is consuming, 503 if there are as many instances as there may be
   */
  enter(request: ConsumeRequest): Consuming;
  /** Renews the session of an instance. @throws GatewayError 404 if there is none, 403 if it belongs to another user */
  find(name: OwnInstance): Session;
  /** Renews the session of an instance, if the user has one of that name. */
  renew(name: OwnInstance): void;
  /** Ends the instance, after a last auto-commit. Resolves when its partitions are free for others. */
  end(session: Session, why: GatewayError): Promise<void>;
  all(): readonly Session[];
  describe(): ConsumerGroup[];
  /** How many instances there are in each group. */
  gauge(): Gauge;
  /** Ends all instances, after a last auto-commit. */
  close(): Promise<void>;
};

/** The one consume that an instance may have at a time. Its session does not end while it waits. */
export type Consuming = {
  readonly session: Session;
  /** The wait is over: from now on the session can end. */
  answer(): void;
  /** Lets the instance consume again. */
  finish(): void;
};

type Entry = {
  readonly session: Session;
  /** The time of its last call, in ms. */
  seenAt: number;
  consuming: "waiting" | "being answered" | undefined;
  expiry: unknown;
  autoCommit: unknown;
};

export const createSessions = (groups: Groups, time: Time): Sessions => {
  const entries = new Map<string, Map<string, Entry>>();
  let count = 0;

  const entryOf = ({ group, instance }: InstanceName): Entry | undefined => entries.get(group)?.get(instance);

  const look = (name: OwnInstance): Entry | undefined => {
    const entry = entryOf(name);
    if (entry === undefined) return undefined;
    if (!isOwn(entry.session, name))
      throw new GatewayError(403, `Instance ${shown(name)} belongs to another user: choose another name for yours.`);
    entry.seenAt = time.now();
    return entry;
  };

  const add = ({ group, instance, user, topics, options: readOptions }: ConsumeRequest): Entry => {
    if (count >= groups.maxInstances)
      throw new GatewayError(503, "The gateway has too many consumer instances: try again when others have ended.", {
        retryAfterSeconds: 10,
      });
    const session: Session = createSession(
      { name: { group, instance, user }, topics: new Set(topics), options: readOptions() },
      { groups, time, onFenced: (error) => void leave(entry, error) },
    );
    const entry: Entry = { session, seenAt: time.now(), consuming: undefined, expiry: undefined, autoCommit: undefined };
    const siblings = entries.get(group) ?? new Map<string, Entry>();
    entries.set(group, siblings.set(instance, entry));
    count += 1;
    watch(entry, session.options.sessionTimeoutMs);
    if (session.options.autoCommit) repeatAutoCommit(entry);
    return entry;
  };

  const watch = (entry: Entry, ms: number): void => {
    const { session } = entry;
    entry.expiry = time.setTimeout(() => {
      if (entry.consuming === "waiting") entry.seenAt = time.now();
      const leftMs = entry.seenAt + session.options.sessionTimeoutMs - time.now();
      if (leftMs > 0) watch(entry, leftMs);
      else void end(session, new GatewayError(404, "The session of the instance has ended."));
    }, ms);
  };

  const repeatAutoCommit = (entry: Entry): void => {
    const { session } = entry;
    entry.autoCommit = time.setTimeout(async () => {
      await session.autoCommit();
      if (session.ended() === undefined) repeatAutoCommit(entry);
    }, session.options.autoCommitIntervalMs);
  };

  const clearTimers = ({ expiry, autoCommit }: Entry): void => {
    time.clearTimeout(expiry);
    time.clearTimeout(autoCommit);
  };

  const leave = async (entry: Entry, why: GatewayError): Promise<void> => {
    const { session } = entry;
    if (session.ended() !== undefined) return;
    session.end(why);
    clearTimers(entry);
    const { group, instance } = session.name;
    const siblings = entries.get(group);
    siblings?.delete(instance);
    if (siblings?.size === 0) entries.delete(group);
    count -= 1;
    await session.leave();
  };

  const end: Sessions["end"] = async (session, why) => {
    const entry = entryOf(session.name);
    if (entry?.session !== session) return;
    if (session.options.autoCommit) await session.autoCommit();
    await leave(entry, why);
  };

  const all = (): readonly Entry[] => [...entries.values()].flatMap((siblings) => [...siblings.values()]);

  return {
    enter(request) {
      const entry = look(request) ?? add(request);
      const { session } = entry;
      if (entry.consuming !== undefined)
        throw new GatewayError(409, `Instance ${JSON.stringify(request.instance)} is consuming already: one consume at a time.`);
      const wanted = new Set(request.topics);
      if (!isSame(wanted, session.topics())) session.subscribe(wanted);
      entry.consuming = "waiting";
      return {
        session,
        answer: () => void (entry.consuming = "being answered"),
        finish() {
          entry.consuming = undefined;
          entry.seenAt = time.now();
        },
      };
    },
    find(name) {
      const entry = look(name);
      if (entry !== undefined) return entry.session;
      throw new GatewayError(
        404,
        `There is no instance ${shown(name)} at this gateway: it was not created by a consume here, or its session ended.`,
      );
    },
    renew(name) {
      const entry = entryOf(name);
      if (entry !== undefined && isOwn(entry.session, name)) entry.seenAt = time.now();
    },
    end,
    all: () => all().map(({ session }) => session),
    describe: () =>
      [...entries].map(([name, siblings]) => ({ name, instances: [...siblings.values()].map(({ session }) => described(session)) })),
    gauge: () => ({
      name: "consumer_instances",
      help: "Live consumer instances.",
      values: [...entries].map(([group, { size }]) => ({ labels: { group }, value: size })),
    }),
    async close() {
      const living = all();
      for (const entry of living) clearTimers(entry);
      await Promise.all(living.map(({ session }) => session.autoCommit()));
      for (const { session } of living) session.end(new GatewayError(404, "The gateway is stopping."));
      entries.clear();
      await groups.close();
    },
  };
};

const isOwn = ({ name }: Session, { user }: OwnInstance): boolean => user === undefined || user === name.user;

const shown = ({ group, instance }: InstanceName): string => `${JSON.stringify(instance)} in group ${JSON.stringify(group)}`;

const isSame = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((element) => other.has(element));

const described = (session: Session): ConsumerGroup["instances"][number] => {
  const owned = Map.groupBy(session.assignment()?.partitions ?? [], ({ topic }) => topic);
  return {
    name: session.name.instance,
    topics: [...session.topics()].map((topic) => ({
      topic,
      partitions: (owned.get(topic) ?? []).map(({ partition }) => partition).sort((one, other) => one - other),
    })),
  };
};
