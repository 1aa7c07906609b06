import type * as z from "zod";

/** Variables by name, as `process.env` or a Worker's `env` holds them. Bindings that are not text are passed over. */
export type Environment = { readonly [name: string]: unknown };

/** Every problem of a configuration at once, a line each: the variable, what was wrong, how to set it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** What variables demand of one another, given those that are set, as they are: the problems, by variable. */
export type Demand = (set: Environment) => Readonly<Record<string, string>>;

/**
 * Reads variables by a schema of one member a variable. An empty variable counts as unset.
 * No problem contains a value, since it may be a secret.
 * @throws ConfigurationError with every problem.
 */
export const readEnvironment = <Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
  demand: Demand = () => ({}),
): Readonly<z.output<z.ZodObject<Shape>>> => {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape)) {
    if (isSet(environment, name)) values[name] = environment[name];
  }
  const result = schema.safeParse(values);
  const demanded = Object.entries(demand(values));
  if (result.success && demanded.length === 0) return Object.freeze(result.data);
  const problems = [...(result.error?.issues ?? []).map(({ path, message }) => [String(path[0]), message] as const), ...demanded];
  throw new ConfigurationError(
    problems.map(([name, message]) =>
      values[name] === undefined ? `${name} is not set: ${hintOf(schema, name) ?? message}` : `${name}: ${message}`,
    ),
  );
};

/**
 * Reads parts of one environment, each by its own reader.
 * @throws ConfigurationError with the problems of all of them.
 */
export const readTogether = <Parts extends readonly unknown[]>(
  ...readers: { readonly [Index in keyof Parts]: () => Parts[Index] }
): Parts => {
  const problems: string[] = [];
  const attempt = <Part>(read: () => Part): Part | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const parts = readers.map((read) => attempt(read));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return parts as readonly unknown[] as Parts;
};

/** Whether a variable is set. An empty one counts as unset. */
export const isSet = (environment: Environment, name: string): boolean => environment[name] !== undefined && environment[name] !== "";

/** What `.describe()` says of a variable: how to set it. */
const hintOf = (schema: z.ZodObject, name: string): string | undefined => (schema.shape[name] as z.ZodType | undefined)?.description;
