import type { JsonSchema } from "../../contract/schema.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { HeaderName } from "./headers.ts";
import type { ParameterName } from "./parameters.ts";

/** What a route answers with one status. */
export type ResponseDescription = {
  readonly description: string;
  /** Those that matter to a caller; what every response has is told once, for the whole API. */
  readonly headers?: readonly HeaderName[];
  /** The operations that take the body's correlation ID, by what they do with it. */
  readonly links?: { readonly [name: string]: string };
  /** By media type. Absent: there is no body. */
  readonly content?: { readonly [mediaType: string]: JsonSchema };
};

/** Who may call a route: anybody; whoever has the scope, but for those who have it by a status token alone; the holder of the secret of replies. */
export type Access = "anybody" | "signed" | { readonly scope: string; readonly refusesTokens?: true };

/** The groups of routes, with what is said of each. */
export const TAGS = {
  Requests: "To send a request.",
  Statuses: "What has become of a request.",
  Views: "Rows that consumers make of events.",
  Description: "What this API is.",
  Operators: "What consumers and operators send, signed with the secret of replies.",
  Console: "The page for operators, and what it asks.",
} as const;

/** A route for people and programs, from which its part of the OpenAPI document is made. */
export type RouteDescription = {
  /** `operationId`: clients that are generated name a method so. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  /** Besides those of the path. */
  readonly parameters?: readonly ParameterName[];
  readonly body?: { readonly mediaType: string; readonly schema: JsonSchema; readonly isOptional?: true; readonly description?: string };
  /** By status. */
  readonly responses: { readonly [status: string]: ResponseDescription };
  /** What can go wrong, besides what can on every route. */
  readonly problems: readonly ErrorCode[];
  /** Headers that any of them may have. */
  readonly problemHeaders?: readonly HeaderName[];
  /** Schemas of problems that are no error of the library, by status. */
  readonly declared?: { readonly [status: number]: readonly JsonSchema[] };
};

/** A schema of the document's components. */
export const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** The content of a response of JSON. */
export const json = (schema: JsonSchema): { readonly [mediaType: string]: JsonSchema } => ({ "application/json": schema });
