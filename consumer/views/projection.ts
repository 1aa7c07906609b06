import type { AnyAggregate, EventData } from "../../contract/aggregate.ts";
import { DefinitionError } from "../../contract/definition-error.ts";
import type { AnyView, RowInput, RowOf } from "../../contract/view.ts";

/** What a projection may look at beside the row and the event's data. The same events give the same rows, so there is nothing else. */
export type ProjectionContext = {
  /** The ID of the aggregate. */
  readonly id: string;
  /** How many commits of the aggregate have events, with this one. */
  readonly version: number;
  /** The index of the event in its commit, from 0. */
  readonly index: number;
  /** The ID of the command that the event came of. */
  readonly command: string;
  /** When it was decided. */
  readonly at: Date;
};

/** How rows are made of events, as a user writes it: pure functions. Events without one change nothing. */
export type ProjectionDefinition<V extends AnyView> = {
  /** The key of the row that an event changes: 1 to 512 UTF-8 bytes. Undefined: none. Default: the aggregate's ID. */
  key?(context: ProjectionContext & { readonly type: string; readonly data: unknown }): string | undefined;
  /** The row after an event; `row` is undefined if there is none yet. Null removes it. It returns a new one, and changes nothing. */
  readonly on: {
    readonly [Name in keyof V["from"]["events"]]?: (
      row: RowOf<V> | undefined,
      data: EventData<V["from"], Name>,
      context: ProjectionContext,
    ) => RowInput<V> | null;
  };
};

/** A view and how its rows are made. */
export type Projection<V extends AnyView = AnyView> = ProjectionDefinition<V> & { readonly view: V };

/** A projection of any view, as the one that calls it sees it. */
export type AnyProjection = {
  readonly view: AnyView;
  key?(context: ProjectionContext & { readonly type: string; readonly data: unknown }): string | undefined;
  readonly on: { readonly [event: string]: ((row: never, data: never, context: ProjectionContext) => unknown) | undefined };
};

/**
 * Says how the rows of a view are made.
 * @throws DefinitionError if a function is for an event that the view's aggregate does not have
 */
export const projection = <V extends AnyView>(view: V, { key, on }: ProjectionDefinition<V>): Projection<V> => {
  const unknown = Object.keys(on).filter((name) => !Object.hasOwn((view.from as AnyAggregate).events, name));
  if (unknown.length > 0)
    throw new DefinitionError(`Expected on to have functions for events of the view's aggregate, got ${unknown.join(", ")}.`);
  return Object.freeze({ view, on, ...(key === undefined ? {} : { key }) });
};
