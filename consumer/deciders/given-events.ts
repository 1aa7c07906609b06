import { deepStrictEqual } from "node:assert";
import type { AnyAggregate, EventOf } from "../../contract/aggregate.ts";
import type { AnyView, RowOf } from "../../contract/view.ts";
import { type Commit, decodeCommit, encodeCommit } from "../../protocol/commit-record.ts";
import type { AnyPolicy, Policy, SentRequest } from "../policies/policy.ts";
import { createReactions, type PolicyCommit } from "../policies/reactions.ts";
import type { AnyProjection, Projection } from "../views/projection.ts";
import { createViewFold } from "../views/view-fold.ts";
import { createEventCodec, UNSEALED } from "./event-reader.ts";
import { expectSame } from "./given.ts";

/** What happened to aggregates of one kind. */
export type GivenEvents<A extends AnyAggregate> = {
  /** What happened next to that aggregate, or to another one of the same kind. */
  and(id: string, ...events: readonly EventOf<A>[]): GivenEvents<A>;
  /**
   * The policy sends exactly that, in the order of the events: `thenSent(transfers, send(…), after("30s", send(…)))`.
   * @throws AssertionError that shows the difference
   * @throws Error if a policy says something else when it is asked again, changes what it is given, or sends what does not fit the operation
   */
  thenSent(policy: Policy<A>, ...expected: readonly SentRequest[]): void;
  /**
   * The view has that row under that key: `thenRow(balances, "ada", { cents: 5 })`.
   * @throws AssertionError that shows the difference
   * @throws Error if a projection makes something else when it folds again, changes what it is given, or a row does not fit the view
   */
  thenRow<V extends ViewOf<A>>(projection: Projection<V>, key: string, row: RowOf<V>): void;
  /** The view has no row under that key: there never was one, or it left. @throws as {@link GivenEvents.thenRow} does */
  thenNoRow<V extends ViewOf<A>>(projection: Projection<V>, key: string): void;
};

type ViewOf<A extends AnyAggregate> = AnyView & { readonly from: A };

const NAME = "aggregate";

/**
 * Tests projections and policies without any infrastructure:
 *
 *     givenEvents(account, "ada", { type: "credited", data: { cents: 5 } }).thenRow(balances, "ada", { cents: 5 });
 *     givenEvents(account, "ada", { type: "debited", data: { cents: 3 } })
 *       .thenSent(notices, send(contract.notify, { text: "3 cents left ada" }));
 *
 * Events go through the records of commits, as in Kafka, each in a commit of its own, and everything is done twice.
 * @param id of the aggregate that they happened to
 * @param events oldest first; they were decided at 1970-01-01T00:00:00Z
 * @throws TypeError if an event does not fit its schema
 */
export const givenEvents = <A extends AnyAggregate>(aggregate: A, id: string, ...events: readonly EventOf<A>[]): GivenEvents<A> =>
  givenCommits(aggregate, [[id, events]]);

const givenCommits = <A extends AnyAggregate>(
  aggregate: A,
  history: readonly (readonly [id: string, events: readonly EventOf<A>[]])[],
): GivenEvents<A> => {
  const commits = countedCommits(aggregate, history);
  return {
    and: (id, ...events) => givenCommits(aggregate, [...history, [id, events]]),
    thenSent(policy, ...expected) {
      const reactions = createReactions(NAME, aggregate, new Map([["policy", withoutChanges(policy as AnyPolicy)]]));
      const sent = commits.flatMap((commit) => {
        const say = () => reactions.listed(commit).map(({ sent: request }) => shown(request));
        const said = say();
        expectSame(say(), said, "the policy to say the same when it is asked again");
        reactions.requests(commit);
        return said;
      });
      deepStrictEqual(sent, expected.map(shown));
    },
    thenRow: (projection, key, row) => deepStrictEqual(rowsOf(commits, projection as unknown as AnyProjection).get(key), row),
    thenNoRow: (projection, key) => deepStrictEqual(rowsOf(commits, projection as unknown as AnyProjection).get(key), undefined),
  };
};

/** The rows that a projection makes of commits, by key. */
const rowsOf = (commits: readonly PolicyCommit[], projection: AnyProjection): ReadonlyMap<string, unknown> => {
  const fold = createViewFold({ name: "view", aggregate: NAME, projection: unchanging(projection) });
  const rows = new Map<string, string>();
  for (const [offset, { commit, version }] of commits.entries()) {
    const make = () => fold.changes({ commit, version, offset }, (key) => rows.get(key));
    const changes = make();
    expectSame(make(), changes, "the projection to make the same when it folds again");
    for (const [key, row] of changes) {
      if (row === null) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return new Map([...rows].map(([key, row]) => [key, JSON.parse(row) as unknown]));
};

/** The commits of events, each as it is read from its record. */
export const countedCommits = <A extends AnyAggregate>(
  aggregate: A,
  history: readonly (readonly [id: string, events: readonly EventOf<A>[]])[],
): readonly PolicyCommit[] => {
  const codec = createEventCodec(NAME, aggregate, UNSEALED);
  const last = new Map<string, { readonly commit: string; readonly version: number }>();
  return history
    .flatMap(([key, events]) => events.map((event) => ({ key, event })))
    .map(({ key, event: { type, data } }, index) => {
      const { commit: after = "", version = 0 } = last.get(key) ?? {};
      const commit: Commit = {
        key,
        commit: `given-${index}`,
        after,
        command: `given-${index}`,
        events: [
          {
            specversion: "1.0",
            id: `given-${index}/0`,
            source: NAME,
            subject: key,
            time: new Date(0).toISOString(),
            ...codec.write(type, data),
          },
        ],
      };
      last.set(key, { commit: commit.commit, version: version + 1 });
      return { commit: decodeCommit(encodeCommit(commit)), version: version + 1, timestamp: 0 };
    });
};

/** As it reads in a difference. */
const shown = ({ operation: { name }, request, delayMs }: SentRequest) => ({
  operation: name,
  request: JSON.parse(JSON.stringify(request ?? null)) as unknown,
  afterMs: delayMs,
});

/** A policy that finds out if one of its functions changes what it was given. */
const withoutChanges = ({ on }: AnyPolicy): Pick<AnyPolicy, "on"> => ({ on: watched(on, "policy") });

/** The same of a projection. */
const unchanging = (projection: AnyProjection): AnyProjection => ({ ...projection, on: watched(projection.on, "projection") });

type Functions = { readonly [event: string]: ((...given: never) => unknown) | undefined };

const watched = <On extends Functions>(on: On, what: string): On =>
  Object.fromEntries(
    Object.entries(on).map(([name, apply]) => [
      name,
      apply &&
        ((...given: never): unknown => {
          const before = structuredClone(given);
          const output: unknown = apply(...given);
          expectSame(given, before, `on.${name} of the ${what} to leave what it is given as it was`);
          return output;
        }),
    ]),
  ) as On;
