import type { Settlement } from "../../protocol/dead-letter-settlement.ts";
import type { Letter } from "../../worker/dead-letters/letter.ts";
import { placeOf } from "../../worker/dead-letters/letter-place.ts";
import { textOr } from "../../worker/dead-letters/letter-view.ts";
import type { SelectedLetter } from "../../worker/dead-letters/selection.ts";

/** A letter in two or three lines. */
export const listed = ({ letter, settlement }: SelectedLetter): string => {
  const { record, operation, code, correlationId, reason, attempts } = letter;
  const line = [placeOf(record), timeOf(record.timestamp), ...[operation, code, correlationId].map((text = "-") => oneLine(text))].join(
    "  ",
  );
  const tried = attempts === undefined || attempts < 2 ? "" : ` (after ${attempts} attempts)`;
  return [line, ...(reason === undefined ? [] : [`    ${oneLine(reason)}${tried}`]), ...settled(settlement)].join("\n");
};

/** A letter with its headers and its payload. */
export const shown = (selected: SelectedLetter): string => {
  const { record, origin, obstacle } = selected.letter;
  const headers = record.headers.map(({ key, value }) => printable(`  ${key}: ${value === null ? "null" : textOr(value)}`));
  return [
    listed(selected),
    ...(origin === undefined ? [] : [`    It was at ${oneLine(origin)}.`]),
    ...(obstacle === undefined ? [] : [`    It cannot be redriven. ${oneLine(obstacle)}`]),
    "headers",
    ...headers,
    `key  ${record.key === null || record.key.length === 0 ? "-" : oneLine(textOr(record.key))}`,
    "payload",
    record.value === null ? "null" : printable(indented(textOr(record.value))),
  ].join("\n");
};

/** What a letter is called where its place alone would say little. */
export const named = ({ record, operation, code }: Letter): string =>
  [placeOf(record), ...[operation, code].flatMap((text) => (text === undefined ? [] : [oneLine(text)]))].join("  ");

const settled = (settlement: Settlement | undefined): readonly string[] => {
  if (settlement === undefined) return [];
  const { action, at, correlationId } = settlement;
  return [`    ${action} at ${oneLine(at)}${correlationId === undefined ? "" : ` as ${oneLine(correlationId)}`}`];
};

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

const oneLine = (text: string): string => printable(text.replace(/\s+/g, " ").slice(0, 300));

/** What came from outside may hold what a terminal obeys. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const printable = (text: string): string => text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

/** JSON on several lines, and anything else as it is. */
const indented = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
};
