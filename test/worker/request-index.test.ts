import fc from "fast-check";
import { expect, test } from "vitest";
import { comparePositions, type ListPage, type ListPosition, mergePages } from "../../worker/request-index.ts";

type Request = { readonly key: { readonly createdAt: number; readonly text: string }; readonly isMeant: boolean };

/** A shard that looks at so many of its requests for a page at most. */
const pageOf = (requests: readonly Request[], after: ListPosition | undefined, limit: number, lookedAt: number): ListPage => {
  const behind = requests
    .filter(({ key }) => after === undefined || comparePositions(key, after) > 0)
    .toSorted((one, other) => comparePositions(one.key, other.key));
  const found: Request[] = [];
  for (const [index, request] of behind.entries()) {
    if (request.isMeant) found.push(request);
    const isLast = index === behind.length - 1;
    if (!isLast && (found.length === limit || index + 1 === lookedAt)) return { requests: found as never, next: request.key };
  }
  return { requests: found as never };
};

test("pages of many shards have every request once and in order, also where some shards look less far than others", () => {
  const anyRequest = fc.record({
    key: fc.record({ createdAt: fc.integer({ min: 1, max: 12 }), text: fc.string({ minLength: 1, maxLength: 2 }) }),
    isMeant: fc.boolean(),
  });
  const anyShards = fc.array(fc.array(anyRequest, { maxLength: 12 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(anyShards, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), (given, limit, lookedAt) => {
      // An ID is in one shard, and there once.
      const shards = given.map((requests, shard) => {
        const unique = new Map(requests.map((request) => [`${shard} ${request.key.text}`, request]));
        return Array.from(unique, ([text, { key, isMeant }]) => ({ key: { ...key, text }, isMeant }));
      });
      const listed: ListPosition[] = [];
      let after: ListPosition | undefined;
      let pages = 0;
      do {
        const page = mergePages(
          shards.map((requests) => pageOf(requests, after, limit, lookedAt)),
          limit,
        );
        expect(page.requests.length).toBeLessThanOrEqual(limit);
        if (after !== undefined && page.next !== undefined) expect(comparePositions(page.next, after)).toBeGreaterThan(0);
        listed.push(...page.requests.map(({ key }) => key));
        after = page.next;
      } while (after !== undefined && ++pages < 1_000);
      const meant = shards.flat().flatMap(({ key, isMeant }) => (isMeant ? key : []));
      expect(listed).toEqual(meant.toSorted(comparePositions));
    }),
    { numRuns: 500 },
  );
});
