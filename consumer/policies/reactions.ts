import type { AnyAggregate } from "../../contract/aggregate.ts";
import type { Commit } from "../../protocol/commit-record.ts";
import { createEventCodec } from "../deciders/event-reader.ts";
import type { PersonalData } from "../personal/personal-data.ts";
import { createOneWayRequest, type OneWayRequest, PolicyError } from "./one-way-request.ts";
import type { AnyPolicy, PolicyContext, SentRequest } from "./policy.ts";

/** A commit that counts, as policies see it. */
export type PolicyCommit = {
  readonly commit: Commit;
  /** How many commits of its key have events, with this one. */
  readonly version: number;
  /** When its record was stored, in milliseconds since 1970: for events that do not say their time. */
  readonly timestamp: number;
};

/** One thing that follows from an event, before it is made a record. */
export type Reaction = {
  readonly policy: string;
  readonly eventIndex: number;
  readonly outputIndex: number;
  readonly sent: SentRequest;
  readonly at: number;
};

/** What follows from commits of one aggregate, by all its policies; pure. */
export type Reactions = {
  /**
   * What policies say, in the order of the events.
   * @throws EventError if an event cannot be read
   * @throws PolicyError if a policy throws, or returns something else than requests
   */
  listed(commit: PolicyCommit): readonly Reaction[];
  /** The same as requests. @throws EventError, PolicyError, also if a request does not fit its operation */
  requests(commit: PolicyCommit): readonly OneWayRequest[];
};

/** @param aggregate its name in the contract; the policies by their names, all of that aggregate. @throws DefinitionError as `defineContract` does */
export const createReactions = (
  aggregate: string,
  definition: AnyAggregate,
  policies: ReadonlyMap<string, Pick<AnyPolicy, "on">>,
  personal?: PersonalData,
): Reactions => {
  const codec = createEventCodec(aggregate, definition, personal);
  const prefix = `${aggregate}.`;
  const wanted = new Set([...policies.values()].flatMap(({ on }) => Object.keys(on)));
  /** Events that no policy asks for need not be read; one that nobody knows may be asked for by a later version, so it must stop this one. */
  const isPassedOver = (type: string): boolean => {
    const name = type.slice(prefix.length);
    return type.startsWith(prefix) && !wanted.has(name) && Object.hasOwn(definition.events, name);
  };

  const listed: Reactions["listed"] = ({ commit, version, timestamp }) =>
    commit.events.flatMap((event, eventIndex) => {
      if (isPassedOver(event.type)) return [];
      const at = event.time === undefined ? timestamp : Date.parse(event.time);
      return [...policies].flatMap(([policy, { on }]) => {
        // Read for each: none sees what another one has changed in place.
        const { name, data } = codec.read(event);
        const follow = Object.hasOwn(on, name) ? on[name] : undefined;
        if (follow === undefined) return [];
        const context = { id: commit.key, version, command: commit.command, at: new Date(at) };
        const of = `policy ${JSON.stringify(policy)} at event ${event.type} (${event.id})`;
        return outputsOf(follow, data, context, of).map((sent, outputIndex) => ({ policy, eventIndex, outputIndex, sent, at }));
      });
    });

  return {
    listed,
    requests: (counted) =>
      listed(counted).map(({ policy, eventIndex, outputIndex, at, sent: { operation, request, delayMs } }) => {
        const { commit } = counted.commit;
        const traceparent = counted.commit.events[eventIndex]?.["traceparent"];
        return createOneWayRequest(operation, request, delayMs, {
          policy,
          commit,
          eventIndex,
          outputIndex,
          at,
          ...(typeof traceparent === "string" ? { traceparent } : {}),
        });
      }),
  };
};

type Follow = (data: never, context: PolicyContext) => unknown;

const outputsOf = (follow: Follow, data: unknown, context: PolicyContext, of: string): readonly SentRequest[] => {
  let output: unknown;
  try {
    output = follow(data as never, context);
  } catch (cause) {
    throw new PolicyError(`Expected ${of} to say what follows, but it threw: ${(cause as Error).message}`, { cause });
  }
  const outputs = output === undefined ? [] : Array.isArray(output) ? output : [output];
  for (const one of outputs)
    if (typeof one !== "object" || one === null || typeof (one as Partial<SentRequest>).operation?.name !== "string")
      throw new PolicyError(`Expected ${of} to return what send() or after() make, a list of them, or undefined, and no promise.`);
  return outputs as readonly SentRequest[];
};
