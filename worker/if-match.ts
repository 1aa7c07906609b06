import { isCommand, type Operation } from "../contract/operation.ts";
import { RejoinderError } from "../protocol/errors.ts";

/** One entity tag (RFC 9110 §8.8.3). */
const ENTITY_TAG = /^(W\/)?"([!#-~\u0080-\u00ff]*)"$/;
const VERSION = /^(?:0|[1-9]\d{0,14})$/;

/**
 * Reads `If-Match` (RFC 9110 §13.1.1) of a request to an operation: the version that the aggregate must have for its command to be decided.
 * @returns undefined if there is none
 * @throws RejoinderError `INVALID_IF_MATCH` for what is not one entity tag, and where there is nothing to match; `VERSION_MISMATCH` for a tag that
 * no version has
 */
export const readIfMatch = (field: string | undefined, operation: Operation): number | undefined => {
  if (field === undefined) return undefined;
  requireCommand(operation);
  const [tag, weak, text = ""] = ENTITY_TAG.exec(field.trim()) ?? [];
  if (tag === undefined) throw invalid('Expected If-Match to be one version, such as "7". A list of them and * are not supported.');
  if (weak === undefined && VERSION.test(text)) return Number(text);
  throw new RejoinderError("VERSION_MISMATCH", {
    detail: `Expected If-Match to have the version of an aggregate, such as "7". Nothing has the tag ${tag}, so nothing was sent to Kafka.`,
  });
};

/** The same of member `ifMatch` of an item of a batch, which is the version itself. @throws RejoinderError `INVALID_IF_MATCH` */
export const checkIfMatch = (version: unknown, operation: Operation): number | undefined => {
  if (version === undefined) return undefined;
  requireCommand(operation);
  if (Number.isSafeInteger(version) && VERSION.test(String(version))) return version as number;
  throw invalid("Expected ifMatch of an item to be a version, such as 7.");
};

/** What a whole batch cannot have: its items are of different aggregates. @throws RejoinderError `INVALID_IF_MATCH` */
export const refuseIfMatch = (field: string | undefined): void => {
  if (field !== undefined) throw invalid("Expected no If-Match: each item of a batch has its own, as its member ifMatch.");
};

const requireCommand = (operation: Operation): void => {
  if (!isCommand(operation))
    throw invalid(`Expected no version to match: operation ${operation.name} is no command, and has none. Nothing was sent to Kafka.`);
};

const invalid = (detail: string): RejoinderError => new RejoinderError("INVALID_IF_MATCH", { detail });
