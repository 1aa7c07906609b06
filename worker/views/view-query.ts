import { type Contract, partsOf } from "../../contract/contract.ts";
import type { View } from "../../contract/view.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { formatPosition, parsePosition } from "../../protocol/position.ts";
import { isRowKey } from "../../protocol/view-batch.ts";
import { NO_ROOM } from "../limits/waits.ts";
import type { Unreadable, ViewPosition } from "./view-store.ts";

/** What names a view, a row or a place in a request. @throws RejoinderError from each */

/** The view of that name. @throws RejoinderError `UNKNOWN_VIEW` */
export const viewOf = (contract: Contract, name: string): View => {
  const { views } = partsOf(contract);
  const view = views.get(name);
  if (view !== undefined) return view;
  const known = [...views.keys()];
  throw new RejoinderError("UNKNOWN_VIEW", { detail: `Expected one of ${known.join(", ")}.`, members: { views: known } });
};

/** The key of a row, as the path has it. @throws RejoinderError `INVALID_QUERY` */
export const readKey = (url: string): string => {
  // Each read of a row comes here: to parse the whole URL takes longer than to find the row.
  const [, , , , , text = ""] = (url.split("?", 1)[0] ?? "").split("/");
  try {
    const key = decodeURIComponent(text);
    if (isRowKey(key)) return key;
  } catch {
    // The same is wrong with it.
  }
  throw invalid("the key", "1 to 512 bytes of UTF-8, each percent-encoded that a path cannot have, and no U+0000", text);
};

/** What is empty counts as absent. @throws RejoinderError `INVALID_QUERY` */
export const readOne = (query: URLSearchParams, name: string): string | undefined => {
  const values = query.getAll(name);
  if (values.length > 1) throw invalid(name, "there once", values.join(", "));
  return values[0] || undefined;
};

/** The position that the reader wants to see the effect of. @throws RejoinderError `INVALID_QUERY` */
export const readAfter = (query: URLSearchParams, { aggregate, name }: View): ViewPosition | undefined => {
  const text = readOne(query, "after");
  if (text === undefined) return undefined;
  // An `ETag` names a position, too.
  const position = parsePosition(text.replace(/~\d{1,7}$/, ""));
  if (position === undefined) throw invalid("after", "a position, as a command's reply has it", text);
  if (position.aggregate !== aggregate) throw invalid("after", `a position of aggregate ${aggregate}, which view ${name} is made of`, text);
  const { partition, offset, generation } = position;
  return { partition, offset, generation };
};

export const invalid = (name: string, expected: string, got: string): RejoinderError =>
  new RejoinderError("INVALID_QUERY", { detail: `Expected ${name} to be ${expected}, got ${JSON.stringify(got.slice(0, 100))}.` });

/** Why a view cannot be read, unless that is only so for now. */
export const problemOf = (
  { outcome, ...rest }: Exclude<Unreadable, { outcome: "behind" }>,
  { name, aggregate }: View,
  after: ViewPosition | undefined,
): RejoinderError => {
  const shown = after === undefined ? "" : formatPosition({ aggregate, ...after });
  switch (outcome) {
    case "not-ready":
      return new RejoinderError("VIEW_NOT_READY", { detail: `No version of view ${name} has all rows yet. Ask again soon.` });
    case "gone":
      return new RejoinderError("POSITION_GONE", { detail: `${shown} is of a log that was replaced. Read the row without after.` });
    case "no-partition":
      return invalid("after", `a position in one of ${"partitions" in rest ? rest.partitions : 0} partitions`, shown);
    case "overloaded":
      return new RejoinderError("OVERLOADED", { detail: NO_ROOM });
  }
};

/** For whatever a store rejects with. */
export const refuseUnreadable = (cause: unknown): never => {
  if (cause instanceof RejoinderError) throw cause;
  console.error("The rows of a view could not be read or changed", cause);
  throw new RejoinderError("STORE_UNAVAILABLE", { cause });
};
