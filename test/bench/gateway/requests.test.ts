import { expect, test } from "vitest";
import { createConsumption, createMixedPosts, createPosts, TOPICS } from "../../../bench/gateway/requests.ts";
import type { Target, Work } from "../../../bench/load.ts";

const server = { url: "http://127.0.0.1:1", authorization: "Basic x" };

const take = (work: Work, turns: number): readonly (readonly Target[])[] => Array.from({ length: turns }, () => work.next());

const recordsOf = ({ body = "[]" }: Target) => JSON.parse(body) as { topic: string }[];

const takeRecords = (work: Work, turns: number) => take(work, turns).map(([target]) => recordsOf(target as Target));

test("posts have one record, or a hundred, or are mixed", () => {
  const sizes = (work: Work) => takeRecords(work, 8).map((records) => records.length);
  expect(sizes(createPosts(server, 1))).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(sizes(createPosts(server, 100))).toEqual([100, 100, 100, 100, 100, 100, 100, 100]);
  expect(sizes(createMixedPosts(server))).toEqual([1, 1, 1, 100, 1, 1, 1, 100]);
});

test("a consumption consumes and commits in turn, and begins again as another group after its batches", () => {
  const paths = take(createConsumption(server, { topic: TOPICS.filled, group: "g", batches: 2 }), 3).flatMap((turn) =>
    turn.map(({ path }) => path),
  );
  expect(paths).toEqual([
    ...["/consume/g-0/bench", "/commit/g-0/bench"],
    ...["/consume/g-0/bench", "/commit/g-0/bench"],
    ...["/consume/g-1/bench", "/commit/g-1/bench"],
  ]);
});

test("only in the flood a gateway may say that it has no room", () => {
  expect(createMixedPosts(server).next()[0]?.status).toEqual([200, 503]);
  expect(createPosts(server, 1).next()[0]?.status).toBe(200);
});
