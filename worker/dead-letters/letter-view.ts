import type { Settlement } from "../../protocol/dead-letter-settlement.ts";
import { toHex } from "../../protocol/hex.ts";
import { tryText } from "../../protocol/kafka-record.ts";
import { placeOf } from "./letter-place.ts";
import type { SelectedLetter } from "./selection.ts";

/** A dead letter for programs. What is not known is absent. */
export type LetterView = {
  /** topic/partition/offset */
  readonly letter: string;
  /** When it was written, RFC 3339. */
  readonly time: string;
  readonly operation?: string | undefined;
  readonly code?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly reason?: string | undefined;
  readonly attempts?: number | undefined;
  /** Where its record was: topic/partition/offset. */
  readonly origin?: string | undefined;
  /** Why nobody can send it again. */
  readonly obstacle?: string | undefined;
  readonly settlement?: Settlement | undefined;
};

/** With all that it holds. Bytes that are no text are 0x and hexadecimal digits. */
export type WholeLetterView = LetterView & {
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
  readonly key: string | null;
  readonly payload: string | null;
};

export const viewOf = ({ letter, settlement }: SelectedLetter): LetterView => {
  const { record, operation, code, correlationId, reason, attempts, origin, obstacle } = letter;
  return {
    letter: placeOf(record),
    time: new Date(record.timestamp).toISOString(),
    operation,
    code,
    correlationId,
    reason,
    attempts,
    origin,
    obstacle,
    settlement,
  };
};

export const wholeViewOf = (selected: SelectedLetter): WholeLetterView => {
  const { headers, key, value } = selected.letter.record;
  return {
    ...viewOf(selected),
    headers: headers.map((header) => ({ key: header.key, value: textOrNull(header.value) })),
    key: textOrNull(key),
    payload: textOrNull(value),
  };
};

/** Bytes as text; as hexadecimal digits where they are none. */
export const textOr = (value: string | Uint8Array): string => tryText(value) ?? `0x${toHex(value as Uint8Array)}`;

const textOrNull = (value: string | Uint8Array | null): string | null => (value === null ? null : textOr(value));
