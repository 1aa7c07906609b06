import { expect, test } from "vitest";
import { GatewayError } from "../../gateway/gateway-error.ts";
import { createConsumers } from "../../gateway/sessions/consumers.ts";
import type { Assignment, Groups, MemberListener } from "../../gateway/sessions/groups.ts";
import { createPosition, NOTHING, type Position } from "../../gateway/sessions/position.ts";
import { createWaits } from "../../gateway/sessions/wait.ts";
import { consumeRequest, FROM_THE_BEGINNING, settled, valuesOf } from "./engine-contract.ts";
import { createManualTime } from "../helpers/manual-time.ts";

const NAME = { group: "g", instance: "i" };
const AT_ONE = [{ topic: "t", partition: 0, offset: 1 }];

/** A group with one member, which owns what the test says. Each partition has the records `0`, `1` and so on, without end. */
const openGroup = () => {
  const time = createManualTime();
  const waits = createWaits(time);
  const commits: (readonly [partition: number, offset: number])[] = [];
  const state = { listener: undefined as MemberListener | undefined, left: 0, isRebalancing: false, beginFails: false };
  const groups: Groups = {
    maxInstances: 1,
    join(_, listener) {
      state.listener = listener;
      return { subscribe: () => {}, leave: async () => void (state.left += 1) };
    },
    requirePartition: async () => {},
    close: async () => {},
  };
  const assign = (partitions: readonly number[], changes: Partial<Assignment> = {}): Assignment => {
    const assignment: Assignment = {
      partitions: partitions.map((partition) => ({ topic: "t", partition })),
      isUnbroken: true,
      begin: async (gained) => {
        if (state.beginFails) throw new GatewayError(503, "nobody answers");
        return gained.map((partition) => createPosition(partition, 0));
      },
      read: async ({ positions }) => takeOne([...positions.values()][0] as Position),
      commit: async (offsets) => {
        if (!state.isRebalancing) commits.push(...offsets.map(({ partition, offset }) => [partition, offset] as const));
        return !state.isRebalancing;
      },
      commitInBackground: async (offsets) => void (await assignment.commit(offsets)),
      ...changes,
    };
    state.listener?.assigned(assignment);
    return assignment;
  };
  const consumers = createConsumers({ groups, waits, time });
  return { consumers, time, commits, state, assign, consume: (changes = {}) => consumers.consume(consumeRequest(changes)) };
};

const takeOne = (position: Position) => {
  const { topic, partition, next: from = 0 } = position;
  position.next = from + 1;
  const record = { topic, partition, offset: from, timestamp: 0, key: "", value: `${partition}/${from}`, headers: [] };
  return { records: [record], taken: [{ position, from, to: from + 1 }] };
};

test("goes on where it was with a partition that nobody else can have owned, and begins anew with one that somebody can", async () => {
  const { assign, consume } = openGroup();
  const first = consume();
  assign([0, 1]);
  expect(valuesOf(settled(await first))).toEqual(["0/0"]);
  assign([0]);
  expect(valuesOf(settled(await consume()))).toEqual(["0/1"]);
  assign([0], { isUnbroken: false });
  expect(valuesOf(settled(await consume()))).toEqual(["0/0"]);
});

test("takes nothing of what was read for an assignment that is no longer its own", async () => {
  const { assign, consume, state } = openGroup();
  const read = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const waiting = consume({ timeoutMs: 1000 });
  assign([0], {
    async read({ positions, isCurrent }) {
      reading.resolve();
      await read.promise;
      return isCurrent() ? takeOne([...positions.values()][0] as Position) : NOTHING;
    },
  });
  await reading.promise;
  state.listener?.revoked();
  read.resolve();
  assign([1]);
  expect(valuesOf(settled(await waiting))).toEqual(["1/0"]);
});

test("commits where it begins before it answers, once, and what was delivered before its group rebalances", async () => {
  const { assign, consume, commits, state } = openGroup();
  const options = { ...FROM_THE_BEGINNING, autoCommit: true };
  const first = consume({ options });
  const assignment = assign([0, 1]);
  const batch = await first;
  expect(commits).toEqual([
    [0, 0],
    [1, 0],
  ]);
  batch.settle(true);
  await state.listener?.revoking(assignment);
  expect(commits.slice(2)).toEqual([[0, 1]]);
});

test("an instance whose beginnings could not be found tries again at its next commit, and is gone if its first consume failed", async () => {
  const { assign, consume, commits, state, time } = openGroup();
  const options = { ...FROM_THE_BEGINNING, autoCommit: true };
  const first = consume({ options });
  assign([0]);
  (await first).settle(true);
  state.beginFails = true;
  assign([0, 1]);
  await expect(consume()).rejects.toMatchObject({ status: 503 });
  state.beginFails = false;
  time.advance(options.autoCommitIntervalMs);
  await expect.poll(() => commits).toContainEqual([1, 0]);

  const other = openGroup();
  other.state.beginFails = true;
  const failing = other.consume();
  other.assign([0]);
  await expect(failing).rejects.toMatchObject({ status: 503 });
  expect(other.consumers.describe()).toEqual([]);
  expect(other.state.left).toBe(1);
});

test("a commit waits during a rebalance, and is told to come again if that takes long", async () => {
  const { assign, consume, commits, consumers, state, time } = openGroup();
  const first = consume();
  assign([0]);
  (await first).settle(true);
  state.isRebalancing = true;
  const early = consumers.commit(NAME, AT_ONE);
  await expect.poll(() => time.timers()).toBe(2);
  state.isRebalancing = false;
  assign([0]);
  await early;
  expect(commits).toEqual([[0, 1]]);

  state.listener?.revoked();
  const late = consumers.commit(NAME, AT_ONE);
  time.advance(5_000);
  await expect(late).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
});

test("an instance whose name another gateway has taken is told so where it waits, and is gone", async () => {
  const { assign, consume, consumers, state } = openGroup();
  const waiting = consume({ timeoutMs: 1000 });
  state.listener?.fenced(new GatewayError(409, "taken"));
  await expect(waiting).rejects.toMatchObject({ status: 409, message: "taken" });
  await expect(consumers.commit(NAME, [])).rejects.toMatchObject({ status: 404 });
  const again = consume();
  assign([0]);
  expect(valuesOf(settled(await again))).toEqual(["0/0"]);
});
