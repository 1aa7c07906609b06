/**
 * A schema of any library that follows Standard Schema (standardschema.dev, version 1), such as zod, valibot or arktype: only what a client
 * needs of it.
 */
export type Schema<Input = unknown, Output = Input> = {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
};

export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export type SchemaIssue = { readonly message: string; readonly path?: readonly unknown[] | undefined };

/** Operations by name. The contract that the Worker and the consumer share is one. */
export type ClientContract = { readonly [operation: string]: { readonly request: Schema; readonly reply: Schema } };

type Types<S> = S extends { readonly "~standard": { readonly types?: infer T } } ? NonNullable<T> : never;

/** What a caller sends: before the schema's defaults and transforms. */
export type RequestOf<C extends ClientContract, Name extends keyof C> =
  Types<C[Name]["request"]> extends { readonly input: infer Input } ? Input : unknown;

/** What a caller gets. */
export type ReplyOf<C extends ClientContract, Name extends keyof C> =
  Types<C[Name]["reply"]> extends { readonly output: infer Output } ? Output : unknown;
