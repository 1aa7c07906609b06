import { parseArgs } from "node:util";

/** One call of the command: `rejoinder NAME …`. */
export type Command = {
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** How it is called, what it takes, and what its exit codes mean. */
  readonly usage: string;
  /** Resolves to the exit code, or to undefined where the process goes on and ends by itself. @throws UsageError */
  run(args: readonly string[]): Promise<number | undefined>;
};

/** A call that cannot be understood. The message says what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options that a command takes, by their names without the hyphens. */
export type OptionTypes = { readonly [name: string]: "boolean" | "string" };

type Options<Types extends OptionTypes> = { readonly [Name in keyof Types]?: Types[Name] extends "boolean" ? boolean : string };

/**
 * Reads the arguments of a command: its options, and its positionals by their number, which `positionals` names. Those in brackets come last and
 * may be left out.
 * @throws UsageError
 */
export const readArguments = <Types extends OptionTypes>(
  args: readonly string[],
  types: Types,
  positionals: readonly string[] = [],
): { readonly options: Options<Types>; readonly positionals: readonly string[] } => {
  const options = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
    const required = positionals.filter((name) => !name.startsWith("["));
    if (parsed.positionals.length < required.length || parsed.positionals.length > positionals.length)
      throw new UsageError(`Expected ${positionals.join(" ") || "no argument but options"}, got ${listOf(parsed.positionals)}.`);
    return { options: parsed.values as Options<Types>, positionals: parsed.positionals };
  } catch (error) {
    if (!isParseError(error)) throw error;
    throw new UsageError(`${error.message.split(". ")[0]}. Expected ${listOf(Object.keys(types).map((name) => `--${name}`))}.`);
  }
};

/** What each action of a command takes. */
export type Actions = { readonly [name: string]: { readonly options: OptionTypes; readonly positionals: readonly string[] } };

/** The options that any of some actions takes: TypeScript infers a parameter of all of these functions as the intersection of theirs. */
type OptionsOfAll<As extends Actions> = {
  [Name in keyof As]: (own: As[Name]["options"]) => void;
}[keyof As] extends (all: infer All extends OptionTypes) => void
  ? Options<All>
  : never;

/**
 * Reads the arguments of a command whose first one says what to do.
 * @throws UsageError
 */
export const readAction = <As extends Actions>(
  actions: As,
  [action = "", ...args]: readonly string[],
): { readonly action: keyof As & string; readonly options: OptionsOfAll<As>; readonly positionals: readonly string[] } => {
  const taken = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (taken === undefined) throw new UsageError(`Expected ${Object.keys(actions).join(", ")}, got ${JSON.stringify(action)}.`);
  const { options, positionals } = readArguments(args, taken.options, taken.positionals);
  return { action, options: options as OptionsOfAll<As>, positionals };
};

/** The whole seconds of an option; undefined if it is not there. @throws UsageError */
export const readSeconds = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text))
    throw new UsageError(`Expected --${name} to be a number of seconds, such as 30, got ${JSON.stringify(text)}.`);
  return Number(text);
};

const listOf = (words: readonly string[]): string => (words.length === 0 ? "nothing" : words.join(" "));

const isParseError = (error: unknown): error is Error => (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS") === true;
