import { formatPosition, parsePosition } from "../../protocol/position.ts";
import type { KnownRow, ViewPosition } from "./view-store.ts";

const TAG = /^(.+?)(?:~(\d{1,7}))?$/;

/**
 * Names a row as it is, in `ETag` and as the ID of an event: the position of the commit that changed it last; and behind `~` the version of the view,
 * unless it is the first, since the same commit makes other rows there.
 */
export const formatTag = (aggregate: string, position: ViewPosition, version: number): string =>
  `${formatPosition({ aggregate, ...position })}${version === 1 ? "" : `~${version}`}`;

/** Undefined for text that is no tag of a row of that aggregate. */
export const readTag = (aggregate: string, text: string): KnownRow | undefined => {
  const [, place = "", version = "1"] = TAG.exec(text) ?? [];
  const position = parsePosition(place);
  if (position === undefined || position.aggregate !== aggregate) return undefined;
  const { partition, offset, generation } = position;
  return { partition, offset, generation, version: Number(version) };
};
