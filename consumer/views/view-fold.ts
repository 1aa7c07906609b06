import { createHash } from "node:crypto";
import { jsonSchemaOf } from "../../contract/schema.ts";
import { MAX_ROW_BYTES, MAX_ROW_KEY_BYTES } from "../../protocol/view-batch.ts";
import type { CountedCommit } from "../aggregates/projector.ts";
import { check, createEventCodec, EventError } from "../deciders/event-reader.ts";
import type { Personal } from "../personal/start-personal.ts";
import { KeysUnavailableError } from "../personal/subject-keys.ts";
import type { AnyProjection } from "./projection.ts";

/** A commit cannot be folded into a view by this version of the program. The view stops before it; commands and other views go on. */
export class ViewError extends Error {
  override readonly name = "ViewError";
}

/** Rows that a commit changes, as JSON text by key; null removes one. */
export type RowChanges = ReadonlyMap<string, string | null>;

/** How the rows of a view are made: a pure function from a commit that counts to changes of rows. */
export type ViewFold = {
  /** The view's name in the contract. */
  readonly view: string;
  readonly version: number;
  /**
   * Of all that makes the rows, as far as a program can see it: rows of another one are made again. 32 hexadecimal digits; with personal data, also how
   * many subjects were forgotten.
   */
  readonly hash: string;
  /** Rows may have personal data: those of another fold may have that of somebody who was forgotten. */
  readonly isPersonal: boolean;
  /**
   * @param rowOf the row before the commit, as JSON text; undefined if there is none
   * @throws ViewError naming the event, and why it gives no row; KeysUnavailableError if personal data cannot be read now
   */
  changes(counted: CountedCommit, rowOf: (key: string) => string | undefined): RowChanges;
};

type ViewFoldOptions = {
  /** The name of the view in its contract. */
  readonly name: string;
  /** The name of its aggregate there. */
  readonly aggregate: string;
  readonly projection: AnyProjection;
  /** Absent: no event of the aggregate has personal data. */
  readonly personal?: Pick<Personal, "data" | "personalEpoch"> | undefined;
};

/** @throws DefinitionError if the row's schema has no JSON Schema */
export const createViewFold = ({ name, aggregate, projection, personal }: ViewFoldOptions): ViewFold => {
  const { view, key: keyOf, on } = projection;
  const codec = createEventCodec(aggregate, view.from, personal?.data);
  const ownHash = hashOf(name, projection);
  const epoch = (): string => personal?.personalEpoch(aggregate) ?? "";
  const rowSchema = view.row;

  const checkedKey = (key: unknown, of: () => string): string | undefined => {
    if (key === undefined) return undefined;
    if (typeof key !== "string" || key === "" || !key.isWellFormed() || key.includes("\0"))
      throw new ViewError(`Expected the key of the ${of()} to be well-formed text that is not empty and has no U+0000, got ${shown(key)}.`);
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_ROW_KEY_BYTES)
      throw new ViewError(`Expected the key of the ${of()} to have at most ${MAX_ROW_KEY_BYTES} bytes, got ${bytes}.`);
    return key;
  };

  const checkedRow = (given: unknown, of: () => string): string | null => {
    if (given === null) return null;
    if (given instanceof Promise)
      throw new ViewError(`Expected ${of()} to give a row, got a promise. Functions of a projection are synchronous.`);
    const { value, fault } = check(rowSchema, given, of);
    if (fault !== undefined) throw new ViewError(`Expected ${of()} to give a row that fits the view's schema. ${fault}`);
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined || text === "null") throw new ViewError(`Expected ${of()} to give a row, got ${String(text ?? typeof value)}.`);
    const bytes = text.length * 3 > MAX_ROW_BYTES ? Buffer.byteLength(text) : 0;
    if (bytes > MAX_ROW_BYTES)
      throw new ViewError(`Expected ${of()} to give a row of at most ${MAX_ROW_BYTES} bytes of JSON, got ${bytes}.`);
    return text;
  };

  return {
    view: name,
    version: view.version,
    get hash() {
      return ownHash + epoch();
    },
    get isPersonal() {
      return epoch() !== "";
    },
    changes({ commit, offset, version }, rowOf) {
      const changes = new Map<string, string | null>();
      const { key: id, command, events } = commit;
      for (const [index, event] of events.entries()) {
        const of = (): string => `row of view ${name} for event ${event.type} (${event.id}) at offset ${offset}`;
        try {
          // All of them, so that what nobody can read is never passed over.
          const { name: type, data } = codec.read(event);
          const apply = Object.hasOwn(on, type) ? on[type] : undefined;
          if (apply === undefined) continue;
          const context = { id, version, index, command, at: new Date(event.time ?? 0) };
          const key = checkedKey(keyOf === undefined ? id : keyOf({ ...context, type, data }), of);
          if (key === undefined) continue;
          const before = changes.has(key) ? changes.get(key) : rowOf(key);
          // A row of its own each time, as it is read from the file: a function that changes it in place changes nothing else.
          const row: unknown = before === undefined || before === null ? undefined : JSON.parse(before);
          changes.set(
            key,
            checkedRow(apply(row as never, data as never, context), () => `on.${type} of the ${of()}`),
          );
        } catch (cause) {
          if (cause instanceof ViewError || cause instanceof KeysUnavailableError) throw cause;
          throw new ViewError(cause instanceof EventError ? cause.message : `The ${of()} could not be made: ${(cause as Error).message}`, {
            cause,
          });
        }
      }
      for (const [key, text] of changes) if ((rowOf(key) ?? null) === text) changes.delete(key);
      return changes;
    },
  };
};

/** The functions as they are written, and the row's schema as JSON. What they call and close over is not seen. */
const hashOf = (name: string, { view, key, on }: AnyProjection): string => {
  const functions = Object.keys(on)
    .sort()
    .map((event) => [event, String(on[event])]);
  const row: unknown = jsonSchemaOf(view.row, "output", `row of view ${JSON.stringify(name)}`);
  return createHash("sha256")
    .update(JSON.stringify([row, functions, String(key)]))
    .digest("hex")
    .slice(0, 32);
};

const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : `a ${typeof value}`;
