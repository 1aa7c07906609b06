import type { AnyAggregate } from "./aggregate.ts";
import { DefinitionError } from "./definition-error.ts";
import { NAME, NAME_RULE } from "./operation.ts";
import { type InputOf, type JsonSchema, jsonSchemaOf, type OutputOf, type Schema } from "./schema.ts";

const MAX_VERSION = 1_000_000;

/** What a user writes to add a view; see {@link view}. */
export type ViewDefinition<A extends AnyAggregate = AnyAggregate, Row extends Schema = Schema> = {
  /** The aggregate whose events the rows are made of. One partition of its events makes a row, so the rows are the same however often they are made. */
  readonly from: A;
  /** 1 to 1,000,000. Raise it when rows are made in another way: the new version is filled beside the old one, and takes over when it has caught up. */
  readonly version: number;
  /** A row, as JSON of at most 1 MiB. It is read synchronously. */
  readonly row: Row;
};

/** Any view. */
export type AnyView = { readonly from: AnyAggregate; readonly version: number; readonly row: Schema };

/** What a projection may give as a row of a view. */
export type RowInput<V extends { readonly row: Schema }> = InputOf<V["row"]>;
/** A row of a view as it is read. */
export type RowOf<V extends { readonly row: Schema }> = OutputOf<V["row"]>;

/**
 * Rows that are made of the events of an aggregate, by key, and read at the edge: `GET /views/<view>/<key>`. A consumer makes them by a projection.
 */
export const view = <A extends AnyAggregate, Row extends Schema>(definition: ViewDefinition<A, Row>): ViewDefinition<A, Row> => definition;

/** Whether a definition in a contract is a view. */
export const isView = (definition: object): definition is AnyView => "from" in definition && "row" in definition;

/** A view of a contract, ready for use. */
export type View = {
  readonly name: string;
  readonly version: number;
  /** The name of its aggregate in the contract. */
  readonly aggregate: string;
  readonly row: Schema;
  readonly jsonSchema: JsonSchema;
};

/**
 * Checks a view, and completes it.
 * @param aggregates the aggregates of the contract, by name
 * @throws DefinitionError naming what is wrong and what it must be
 */
export const completeView = (name: string, { from, version, row }: AnyView, aggregates: ReadonlyMap<string, AnyAggregate>): View => {
  const of = `of view ${JSON.stringify(name)}`;
  if (!NAME.test(name)) throw new DefinitionError(`Expected name ${of} to be ${NAME_RULE}.`);
  const aggregate = [...aggregates].find(([, definition]) => definition === from)?.[0];
  if (aggregate === undefined) throw new DefinitionError(`Expected from ${of} to be an aggregate of the same contract, got another value.`);
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION)
    throw new DefinitionError(`Expected version ${of} to be a whole number from 1 to ${MAX_VERSION}, got ${JSON.stringify(version)}.`);
  return Object.freeze({ name, version, aggregate, row, jsonSchema: jsonSchemaOf(row, "output", `the row ${of}`) });
};
