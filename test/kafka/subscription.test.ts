import { expect, test } from "vitest";
import type { JoinGroupResponse } from "../../kafka/protocol.ts";
import { assignmentOf, COOPERATIVE, EAGER, type Rebalancing, shareOut, subscriptionOf } from "../../kafka/subscription.ts";

type Claim = { readonly owned?: readonly number[]; readonly generation?: number };

const TOPIC = "t";
const COUNTS = new Map([[TOPIC, 4]]);

/** What each member is assigned, by name, of a topic of four partitions. */
const assign = (rebalancing: Rebalancing, claims: Readonly<Record<string, Claim>>): Record<string, readonly number[]> => {
  const members = Object.entries(claims).map(([memberId, { owned = [], generation = 5 }]) => ({
    memberId,
    metadata: subscriptionOf(
      rebalancing,
      new Set([TOPIC]),
      owned.map((partition) => ({ topic: TOPIC, partition })),
      generation,
    )[0]?.metadata,
  }));
  const shares = shareOut(rebalancing, { members } as unknown as JoinGroupResponse, COUNTS);
  return Object.fromEntries(
    shares.map(({ memberId, assignment }) => [memberId, assignmentOf(assignment).map(({ partition }) => partition)]),
  );
};

test("members of an eager group get what moves at once, and keep what they can", () => {
  expect(assign(EAGER, { old: { owned: [0, 1, 2, 3] }, new: {} })).toEqual({ old: [2, 3], new: [0, 1] });
});

test("in a cooperative group nobody gets a partition before its owner has given it up", () => {
  const first = assign(COOPERATIVE, { old: { owned: [0, 1, 2, 3] }, new: {} });
  expect(first).toEqual({ old: [2, 3], new: [] });
  expect(assign(COOPERATIVE, { old: { owned: [2, 3], generation: 6 }, new: { generation: 6 } })).toEqual({ old: [2, 3], new: [0, 1] });
});

test("a member that missed a generation of its cooperative group owns nothing any more", () => {
  expect(assign(COOPERATIVE, { stale: { owned: [0, 1, 2, 3], generation: 4 }, current: { owned: [0, 1], generation: 5 } })).toEqual({
    stale: [2, 3],
    current: [0, 1],
  });
});

test("a partition that two members of a cooperative group claim is assigned to neither before both have given it up", () => {
  const { one = [], other = [] } = assign(COOPERATIVE, { one: { owned: [0, 1] }, other: { owned: [1, 2] } });
  expect([...one, ...other].toSorted()).toEqual([0, 2, 3]);
});

test("nothing at all in an assignment is no partition", () => {
  expect(assignmentOf(Buffer.alloc(0))).toEqual([]);
});
