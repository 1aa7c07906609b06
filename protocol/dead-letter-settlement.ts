import type { ConsumerRecord, RecordHeader } from "./kafka-record.ts";
import type { TopicPartitionOffset } from "./topic-partition.ts";

/** What was done with a dead letter. */
export type Settlement = {
  readonly action: "redriven" | "dropped";
  /** Of the request that took its place; there if it was redriven. It is the dead letter's own if that was still in time. */
  readonly correlationId?: string;
  /** RFC 3339 */
  readonly at: string;
};

/**
 * Says of which dead letter a record is the settlement: `<topic>/<partition>/<offset>` of the letter itself. A log takes nothing back, so the
 * settlement follows the letter in its own partition: whoever reads that partition to its end knows what became of every letter.
 */
export const SETTLES_HEADER = "rejoinder-settles";

/** The record that settles a dead letter, for the partition that the letter is in. */
export const createSettlementRecord = (
  letter: TopicPartitionOffset,
  settlement: Settlement,
): { readonly value: string; readonly headers: readonly RecordHeader[] } => ({
  value: JSON.stringify(settlement),
  headers: [{ key: SETTLES_HEADER, value: `${letter.topic}/${letter.partition}/${letter.offset}` }],
});

/** Which letter of its own partition a record settles, and how; undefined if it settles none of them. */
export const readSettlementRecord = ({
  topic,
  partition,
  value,
  headers,
}: ConsumerRecord): { readonly offset: number; readonly settlement: Settlement } | undefined => {
  const settles = headers.findLast(({ key }) => key === SETTLES_HEADER)?.value;
  if (settles === undefined || settles === null) return undefined;
  const text = textOf(settles);
  const prefix = `${topic}/${partition}/`;
  const digits = text.slice(prefix.length);
  const settlement = readSettlement(value === null ? "" : textOf(value));
  if (!text.startsWith(prefix) || !/^\d{1,16}$/.test(digits) || settlement === undefined) return undefined;
  return { offset: Number(digits), settlement };
};

const readSettlement = (text: string): Settlement | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { action, correlationId, at } = value as Record<string, unknown>;
  if ((action !== "redriven" && action !== "dropped") || typeof at !== "string") return undefined;
  return { action, at, ...(typeof correlationId === "string" ? { correlationId } : {}) };
};

const textOf = (value: string | Uint8Array): string => (typeof value === "string" ? value : new TextDecoder().decode(value));
