import * as fc from "fast-check";
import { createCommitFold } from "../../protocol/commit-fold.ts";
import type { CommitLink } from "../../protocol/commit-record.ts";

/** What makes a commit count: the link to its predecessor, or only its number, which is wrong. */
export type Rule = "after" | "version";

/** Moves money between the two pots of a key, or refuses if there is too little: then its commit has no event. */
export type Command = { readonly id: string; readonly key: string; readonly cents: number };

type Pots = { readonly a: number; readonly b: number };
/** What a writer knows of a key. */
type Known = { readonly last: string; readonly version: number; readonly pots: Pots; readonly commands: readonly string[] };

type ModelRecord = CommitLink & {
  readonly version: number;
  readonly command: string;
  /** Events; none if it was refused. */
  readonly moved: readonly number[];
  /** The state that it was decided on, which no reader looks at. */
  readonly decidedOn: string;
};

type Writer = {
  /** What it has read, and what it has decided since. */
  known: Map<string, Known>;
  /** What it has sent, and what has not arrived: it goes on arriving after the writer is gone. */
  readonly sent: ModelRecord[];
};

export type World = { readonly log: ModelRecord[]; readonly writers: readonly Writer[]; made: number };

const NEW: Known = { last: "", version: 0, pots: { a: 100, b: 100 }, commands: [] };

export const initialWorld = (writers: number): World => ({
  log: [],
  writers: Array.from({ length: writers }, () => ({ known: new Map(), sent: [] })),
  made: 0,
});

type Step =
  /** Decides a command on what the writer knows, and goes on without an answer. */
  | { readonly kind: "decide"; readonly writer: number; readonly command: number }
  /** Something that was sent arrives, now or later than what came after it, perhaps more than once; or it is lost. */
  | { readonly kind: "arrive"; readonly writer: number; readonly which: number; readonly times: number }
  /** Reads the log, and forgets what it had only sent. */
  | { readonly kind: "read"; readonly writer: number }
  /** Starts anew and reads nothing yet: a crash before the offset was committed, so that commands come again. */
  | { readonly kind: "crash"; readonly writer: number };

const COMMANDS = fc
  .array(fc.record({ key: fc.constantFrom("x", "y"), cents: fc.integer({ min: -90, max: 90 }) }), { minLength: 1, maxLength: 8 })
  .map((commands) => commands.map((command, index): Command => ({ id: `command-${index}`, ...command })));

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("decide"), writer: fc.nat(2), command: fc.nat(7) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("arrive"), writer: fc.nat(2), which: fc.nat(2), times: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read"), writer: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash"), writer: fc.nat(2) }) },
);

export const SCRIPT = fc.record({ commands: COMMANDS, steps: fc.array(STEP, { maxLength: 40 }) });

export const runStep = (world: World, commands: readonly Command[], step: Step, rule: Rule): void => {
  const writer = world.writers[step.writer] as Writer;
  if (step.kind === "read") writer.known = readAll(world.log, rule).known;
  else if (step.kind === "crash") writer.known = new Map();
  else if (step.kind === "arrive") {
    const [arrived] = writer.sent.splice(step.which, 1);
    if (arrived !== undefined) for (let time = 0; time < step.times; time += 1) world.log.push(arrived);
  } else {
    const command = commands[step.command];
    if (command !== undefined) decide(world, writer, command);
  }
};

const decide = (world: World, writer: Writer, { id, key, cents }: Command): void => {
  const known = writer.known.get(key) ?? NEW;
  if (known.commands.includes(id)) return;
  const { a, b } = known.pots;
  const moved = a - cents >= 0 && b + cents >= 0 ? [cents] : [];
  const commit = `commit-${(world.made += 1)}`;
  const record = { key, commit, after: known.last, version: known.version + 1, command: id, moved, decidedOn: JSON.stringify(known) };
  writer.sent.push(record);
  writer.known.set(key, evolve(known, record));
};

const evolve = ({ version, pots, commands }: Known, { commit, command, moved }: ModelRecord): Known => ({
  last: commit,
  version: version + 1,
  pots: moved.reduce(({ a, b }, cents) => ({ a: a - cents, b: b + cents }), pots),
  commands: [...commands, command],
});

type Accepted = { readonly commit: string; readonly decidedOn: string; readonly truth: string };

/** Reads the log from its beginning. */
const readAll = (log: readonly ModelRecord[], rule: Rule): { known: Map<string, Known>; accepted: Accepted[] } => {
  const known = new Map<string, Known>();
  const accepted: Accepted[] = [];
  const fold = createCommitFold();
  for (const record of log) {
    const before = known.get(record.key) ?? NEW;
    const counts = rule === "after" ? fold.add(record) : record.version === before.version + 1;
    if (!counts) continue;
    accepted.push({ commit: record.commit, decidedOn: record.decidedOn, truth: JSON.stringify(before) });
    known.set(record.key, evolve(before, record));
  }
  return { known, accepted };
};

type Outcome = { readonly accepted: readonly Accepted[]; readonly effects: readonly string[]; readonly balances: readonly Pots[] };

/**
 * All that was sent arrives, and one writer that has read everything answers the commands that are left: what the log then says.
 */
export const finish = (world: World, commands: readonly Command[], rule: Rule): Outcome => {
  for (const { sent } of world.writers) world.log.push(...sent.splice(0));
  const last = world.writers[0] as Writer;
  for (const command of commands) {
    last.known = readAll(world.log, rule).known;
    decide(world, last, command);
    world.log.push(...last.sent.splice(0));
  }
  const read = readAll(world.log, rule);
  const states = [...read.known.values()];
  return { accepted: read.accepted, effects: states.flatMap((state) => state.commands), balances: states.map(({ pots }) => pots) };
};
