import type { OperationDescription } from "../contract.ts";
import { emptyOf, fieldOf } from "./field.ts";

/** What is wrong with a draft: where, as `lines[2].quantity` (empty for the whole), and what. */
export type DraftProblem = { readonly path: string; readonly message: string };

/** The editor's text as a request, or what keeps it from being one. Whether it fits the operation's schema is for the server to say. */
type Draft = { readonly request: unknown } | { readonly problem: DraftProblem };

export const readDraft = (text: string): Draft => {
  try {
    return { request: JSON.parse(text) };
  } catch (error) {
    return { problem: { path: "", message: `This is not JSON yet: ${(error as SyntaxError).message}.` } };
  }
};

/** Text to start from: the first example of the operation's schema, else what the schema requires, empty. */
export const exampleOf = ({ request }: OperationDescription): string => {
  const [example] = request.examples ?? [];
  const field = fieldOf(request);
  return JSON.stringify(example !== undefined ? example : field.kind === "json" ? {} : emptyOf(field), undefined, 2);
};
