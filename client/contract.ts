/**
 * A schema of any library that follows Standard Schema (standardschema.dev, version 1), such as zod, valibot or arktype. This is the part that
 * a client needs.
 */
export type Schema<Input = unknown, Output = Input> = {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
};

type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that does not fit a schema: what, and the keys that lead to where. */
export type SchemaIssue = { readonly message: string; readonly path?: readonly unknown[] | undefined };

/** Operations by name. The contract that the Worker and the consumer share is one. */
export type ClientContract = {
  readonly [operation: string]: {
    readonly request: Schema;
    readonly reply: Schema;
    readonly errors?: ClientErrors | undefined;
    /** Of how far a handler says that it is. */
    readonly progress?: Schema | undefined;
    /** Of one piece of what a handler gives away before it ends. */
    readonly chunk?: Schema | undefined;
  };
};

/** The errors of an operation by code: the HTTP status of each, and the schema of its data, if it has any. */
type ClientErrors = { readonly [code: string]: { readonly status: number; readonly data?: Schema | undefined } };

type OutputOf<S> = Types<S> extends { readonly output: infer Output } ? Output : unknown;

type Types<S> = S extends { readonly "~standard": { readonly types?: infer T } } ? NonNullable<T> : never;

/** What a caller sends: before the schema's defaults and transforms. */
export type RequestOf<C extends ClientContract, Name extends keyof C> =
  Types<C[Name]["request"]> extends { readonly input: infer Input } ? Input : unknown;

/** What a caller gets. */
export type ReplyOf<C extends ClientContract, Name extends keyof C> = OutputOf<C[Name]["reply"]>;

/** How far a handler says that it is. Undefined if it says nothing. */
export type ProgressOf<C extends ClientContract, Name extends keyof C> = "progress" extends keyof C[Name]
  ? C[Name]["progress"] extends undefined
    ? undefined
    : OutputOf<NonNullable<C[Name]["progress"]>>
  : undefined;

/** One piece of what a handler gives away before it ends. Never, if it gives nothing. */
export type ChunkOf<C extends ClientContract, Name extends keyof C> = "chunk" extends keyof C[Name]
  ? C[Name]["chunk"] extends undefined
    ? never
    : OutputOf<NonNullable<C[Name]["chunk"]>>
  : never;

/** The codes of all errors that the operations of a contract define. */
export type ErrorCodeOf<C extends ClientContract> = { [Name in keyof C & string]: keyof ErrorsOf<C[Name]> }[keyof C & string] & string;

/** The data of an error of that code, in any operation. Undefined if it has none. */
export type ErrorDataOf<C extends ClientContract, Code extends string> = {
  [Name in keyof C & string]: Code extends keyof ErrorsOf<C[Name]> ? DataOf<ErrorsOf<C[Name]>[Code]> : never;
}[keyof C & string];

/** The views of a contract by name, which it tells to the compiler beside its operations. Any, if there is no contract. */
export type ClientViewsOf<C extends ClientContract> = ClientContract extends C
  ? { readonly [view: string]: { readonly row: Schema } }
  : [keyof C & symbol] extends [never]
    ? Record<never, never>
    : NonNullable<C[keyof C & symbol]> extends { readonly views: infer Views }
      ? Views
      : Record<never, never>;

/** The names of the views of a contract. */
export type ViewNameOf<C extends ClientContract> = keyof ClientViewsOf<C> & string;

/** A row of a view. */
export type RowOf<C extends ClientContract, View extends ViewNameOf<C>> = ClientViewsOf<C>[View] extends { readonly row: infer Row }
  ? OutputOf<Row>
  : unknown;

type ErrorsOf<O> = O extends { readonly errors?: infer Errors } ? NonNullable<Errors> : Record<never, never>;

type DataOf<E> = E extends { readonly data: infer Data } ? OutputOf<Data> : undefined;
