import { DefinitionError } from "./definition-error.ts";
import type { Schema } from "./schema.ts";

/**
 * The keyword that marks a field of an event's schema as personal data, in its JSON Schema: `true` if it is about the aggregate itself, or else the
 * name of the event's member that says whom it is about.
 */
export const PERSONAL_KEYWORD = "x-personal";

/** What zod's schemas have. */
type Markable = Schema & { nullable(): Schema & { meta(words: { readonly [PERSONAL_KEYWORD]: true | string }): Schema } };

/**
 * A field of an event that is personal data, such as `owner: personal(z.string())`. It is stored encrypted, by a key of its own for each subject, and
 * reads as null once the subject is forgotten. It is for zod; with other libraries give the field null as a value, and its JSON Schema the keyword
 * {@link PERSONAL_KEYWORD}.
 * @param subject the member of the event that says whom it is about: text, not personal itself. Default: the ID of the aggregate
 * @throws DefinitionError if the schema is not one of zod's
 */
export const personal = <S extends Markable>(schema: S, subject?: string): ReturnType<S["nullable"]> => {
  const { nullable } = schema as Partial<Markable>;
  const nulled = typeof nullable === "function" ? schema.nullable() : undefined;
  if (typeof nulled?.meta !== "function")
    throw new DefinitionError(
      `Expected personal to have a schema of zod. With another library, let the field be null, and put ${JSON.stringify(PERSONAL_KEYWORD)} in its JSON Schema.`,
    );
  return nulled.meta({ [PERSONAL_KEYWORD]: subject ?? true }) as ReturnType<S["nullable"]>;
};
