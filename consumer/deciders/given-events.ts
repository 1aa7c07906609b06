import { deepStrictEqual } from "node:assert";
import type { AnyAggregate, EventOf } from "../../contract/aggregate.ts";
import { type Commit, decodeCommit, encodeCommit } from "../../protocol/commit-record.ts";
import type { AnyPolicy, Policy, PolicyContext, SentRequest } from "../policies/policy.ts";
import { createReactions, type PolicyCommit } from "../policies/reactions.ts";
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
};

const NAME = "aggregate";

/**
 * Tests policies without any infrastructure:
 *
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
  };
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
const withoutChanges = (policy: AnyPolicy): Pick<AnyPolicy, "on"> => ({
  on: Object.fromEntries(
    Object.entries(policy.on).map(([name, follow]) => [
      name,
      follow &&
        ((data: never, context: PolicyContext): unknown => {
          const before = structuredClone([data, context]);
          const output: unknown = follow(data, context);
          expectSame([data, context], before, `on.${name} of the policy to leave what it is given as it was`);
          return output;
        }),
    ]),
  ),
});
