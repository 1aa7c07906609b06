import type { AnyAggregate } from "../../contract/aggregate.ts";
import type { CloudEvent } from "../../protocol/cloudevent.ts";
import { isNextCommit } from "../../protocol/commit-fold.ts";
import { type CommandAnswer, type Commit, createCommitId } from "../../protocol/commit-record.ts";
import { createProblem, type Problem } from "../../protocol/problem.ts";
import { createErrors, OperationError, RetryableError } from "../handler.ts";
import { problemOfOperation } from "../replies.ts";
import type { Decider, Decision } from "./decider.ts";
import type { PersonalData } from "../personal/personal-data.ts";
import { check, createEventCodec, type UNSEALED } from "./event-reader.ts";

/** A repeat of a command finds its answer among this many of its aggregate's last commands. Counted, not timed: all readers know the same. */
export const REMEMBERED_COMMANDS = 64;

/** What one aggregate is after some of its commits. */
export type AggregateState<State> = {
  readonly id: string;
  /** The last commit that counts; empty if there is none. */
  readonly last: string;
  /** How many commits count. */
  readonly commits: number;
  /** How many of them have events: what has not changed keeps its version. */
  readonly version: number;
  readonly state: State;
  /** The last commands, oldest first. `answer` is absent where nobody asked. */
  readonly commands: readonly { readonly command: string; readonly answer?: CommandAnswer | undefined }[];
};

/** A command to be decided. */
export type CommandToDecide = {
  /** Its ID. */
  readonly command: string;
  /** Its name in the aggregate. */
  readonly name: string;
  /** The request, as its schema has made it. */
  readonly request: unknown;
  readonly at: Date;
  /** It is refused unless the aggregate has so many commits with events. Undefined: it does not matter. */
  readonly expectedVersion?: number | undefined;
};

/** What comes of a command. */
export type Decided<State> =
  /** It was decided before, and that was its answer. */
  | { readonly kind: "repeat"; readonly answer: CommandAnswer | undefined }
  /** `commit` is to be appended. If it counts, `answer` is true, and `next` is the state. */
  | { readonly kind: "decided"; readonly commit: Commit; readonly answer: CommandAnswer; readonly next: AggregateState<State> };

/** One kind of aggregate at work: pure functions from commits to states, and from a command to a commit. */
export type AggregateRuntime<State> = {
  /** An aggregate that has no commit yet. */
  initial(id: string): AggregateState<State>;
  /**
   * The state after the next commit of that aggregate in its partition; undefined if that is void.
   * @throws EventError if a commit that counts has an event that cannot be read. Its reader must stop there
   */
  fold(current: AggregateState<State>, commit: Commit): AggregateState<State> | undefined;
  /**
   * Decides a command. One that is refused has a commit, too: its repeat must not succeed after its caller has been told no.
   * @throws TypeError if the decision does not fit the contract
   * @throws whatever `decide` throws beside an error of the contract
   */
  decide(current: AggregateState<State>, command: CommandToDecide): Decided<State>;
};

/** @param name of the aggregate in its contract. @throws DefinitionError as `defineContract` does */
export const createAggregateRuntime = <A extends AnyAggregate, State>(
  name: string,
  { aggregate, initial, evolve, decide }: Decider<A, State>,
  { createId = createCommitId, personal }: { createId?: () => string; personal?: PersonalData | typeof UNSEALED | undefined } = {},
): AggregateRuntime<State> => {
  const codec = createEventCodec(name, aggregate, personal);
  const errors = new Map(
    Object.entries(aggregate.commands).map(([command, definition]) => [command, createErrors(definition.errors ?? {})]),
  );
  /** The functions by name: what they take was made by the schemas of the same name. */
  const evolvers = evolve as unknown as { readonly [name: string]: (state: State, data: unknown) => State };
  const deciders = decide as unknown as { readonly [name: string]: (...given: unknown[]) => Decision<AnyAggregate, unknown> };

  const evolved = (state: State, events: readonly CloudEvent[]): State =>
    events.reduce((before, event) => {
      const { name: event_, data } = codec.read(event);
      return (evolvers[event_] as (typeof evolvers)[string])(before, data);
    }, state);

  const after = (current: AggregateState<State>, { commit, command, answer, events }: Commit): AggregateState<State> => ({
    id: current.id,
    last: commit,
    commits: current.commits + 1,
    version: current.version + (events.length === 0 ? 0 : 1),
    state: evolved(current.state, events),
    commands: [...current.commands.slice(1 - REMEMBERED_COMMANDS), { command, answer }],
  });

  const answerOf = (
    command: string,
    decision: () => Decision<AnyAggregate, unknown>,
  ): Pick<Commit, "answer"> & { events: Decision<AnyAggregate, unknown>["events"] } => {
    const definition = aggregate.commands[command];
    if (definition === undefined) throw new TypeError(`Expected a command of aggregate ${name}, got ${JSON.stringify(command)}.`);
    try {
      const { events, reply } = decision();
      const { value, fault } = check(definition.reply, reply, () => `the reply of ${name}.${command}`);
      if (fault !== undefined) throw new TypeError(`Expected the reply of ${name}.${command} to fit its schema. ${fault}`);
      return { events, answer: asStored({ reply: value ?? null }) };
    } catch (error) {
      if (!(error instanceof OperationError) || error instanceof RetryableError) throw error;
      const schema = Object.hasOwn(definition.errors ?? {}, error.code) ? definition.errors?.[error.code]?.data : undefined;
      const fault = schema === undefined ? undefined : check(schema, error.members["data"], () => `error ${error.code}`).fault;
      if (fault !== undefined)
        throw new TypeError(`Expected the data of error ${error.code} to fit its schema. ${fault}`, { cause: error });
      return { events: [], answer: asStored({ error: problemOfOperation(error) }) };
    }
  };

  return {
    initial: (id) => ({ id, last: "", commits: 0, version: 0, state: initial, commands: [] }),
    fold: (current, commit) => (isNextCommit(current.last, commit) ? after(current, commit) : undefined),
    decide(current, { command, name: commandName, request, at, expectedVersion }) {
      const earlier = current.commands.find((known) => known.command === command);
      if (earlier !== undefined) return { kind: "repeat", answer: earlier.answer };
      const { id, version, last, state } = current;
      const context = { id, version, command, at, errors: errors.get(commandName) };
      const { events, answer } =
        expectedVersion === undefined || expectedVersion === version
          ? answerOf(commandName, () => (deciders[commandName] as (typeof deciders)[string])(request, state, context))
          : { events: [], answer: asStored({ error: versionMismatch(expectedVersion, version) }) };
      const commitId = createId();
      const commit: Commit = {
        key: id,
        commit: commitId,
        after: last,
        command,
        answer,
        events: events.map(({ type, data }, index) => ({
          specversion: "1.0",
          id: `${commitId}/${index}`,
          source: `rejoinder:${name}`,
          subject: id,
          time: at.toISOString(),
          datacontenttype: "application/json",
          ...codec.write(type, data, id),
        })),
      };
      return { kind: "decided", commit, answer: answer as CommandAnswer, next: after(current, commit) };
    },
  };
};

const versionMismatch = (expected: number, version: number): Problem => {
  const detail = `Expected version ${expected} of the aggregate, and it has version ${version}. Read it again, or leave If-Match out.`;
  return createProblem("VERSION_MISMATCH", { detail, members: { version } });
};

/** As whoever reads the commit finds it. */
const asStored = (answer: CommandAnswer): CommandAnswer => JSON.parse(JSON.stringify(answer)) as CommandAnswer;
