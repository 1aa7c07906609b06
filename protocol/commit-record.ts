import { type CloudEvent, readCloudEvent } from "./cloudevent.ts";
import { RejoinderError } from "./errors.ts";
import { isTextTooDeep } from "./json-shape.ts";
import { type ConsumerRecord, type ProducerRecord, tryText } from "./kafka-record.ts";
import { MAX_ENVELOPE_DEPTH } from "./limits.ts";

/**
 * What decides whether a commit counts: see {@link isNextCommit}. It is in the key and the headers of a record, so no reader has to understand
 * the events to know which of them are true.
 */
export type CommitLink = {
  /** The ID of the aggregate: the record's key. */
  readonly key: string;
  /** Random, made for this commit: 1 to 64 of the characters A-Z a-z 0-9 _ -. */
  readonly commit: string;
  /** The commit of the same key that this one was decided on; empty for the first. */
  readonly after: string;
};

/** What came of a command: its reply, or the error that it was refused with. */
export type CommandAnswer =
  | { readonly reply: unknown; readonly error?: undefined }
  | { readonly error: { readonly [member: string]: unknown }; readonly reply?: undefined };

/** All that one command did to one aggregate: one record, so all of it is there or none. */
export type Commit = CommitLink & {
  /** The ID of the command: the correlation ID of its request. At most 256 characters. */
  readonly command: string;
  /** What the command was answered, so that its repeat is answered the same. Absent where nobody asked. */
  readonly answer?: CommandAnswer | undefined;
  /** Perhaps none: a command that was refused changes nothing, and stays refused. */
  readonly events: readonly CloudEvent[];
};

/** JSON Batch Format of CloudEvents 1.0.2 §4. */
const CONTENT_TYPE = "application/cloudevents-batch+json";
const COMMIT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const COMMIT_ID_RULE = "1 to 64 of the characters A-Z a-z 0-9 _ -";
const MAX_COMMAND_LENGTH = 256;

/** A random commit ID: 32 hexadecimal digits. */
export const createCommitId = (randomUuid: () => string = () => crypto.randomUUID()): string => randomUuid().replaceAll("-", "");

/**
 * The record of a commit, for the event topic of its aggregates.
 * @throws RejoinderError `INVALID_RECORD` for a commit that {@link decodeCommit} would refuse
 */
export const encodeCommit = (commit: Commit): Omit<ProducerRecord, "topic"> & { readonly key: string } => {
  const { key, after, command, answer, events } = commit;
  const record = {
    key,
    value: JSON.stringify(events),
    headers: [
      { key: "content-type", value: `${CONTENT_TYPE}; charset=UTF-8` },
      { key: "commit", value: commit.commit },
      { key: "after", value: after },
      { key: "command", value: command },
      ...(answer === undefined ? [] : [{ key: "answer", value: JSON.stringify(answer) }]),
    ],
  };
  decodeCommit(record);
  return record;
};

/** A record, as far as it matters what it says. */
type CommitRecord = Pick<ConsumerRecord, "key" | "value" | "headers">;

/**
 * Reads the link of a commit. A record that has none is no commit: it counts for no reader.
 * @throws RejoinderError `INVALID_RECORD`, naming the key or the header that is missing or wrong
 */
export const readCommitLink = (record: Pick<CommitRecord, "key" | "headers">): CommitLink => {
  const key = record.key === null ? undefined : tryText(record.key);
  if (key === undefined || key === "") throw invalid("Expected the key of a commit to be the ID of its aggregate, as UTF-8 text.");
  const commit = readHeader(record, "commit");
  if (commit === undefined || !COMMIT_ID.test(commit))
    throw invalid(`Expected header commit to be ${COMMIT_ID_RULE}, got ${shown(commit)}.`);
  const after = readHeader(record, "after");
  if (after === undefined || !(after === "" || COMMIT_ID.test(after)))
    throw invalid(`Expected header after to be empty, or ${COMMIT_ID_RULE}, got ${shown(after)}.`);
  if (after === commit) throw invalid("Expected header after to name another commit than header commit.");
  return { key, commit, after };
};

/** The link of a commit, or undefined for a record that is none: it counts for no reader. */
export const findCommitLink = (record: Pick<CommitRecord, "key" | "headers">): CommitLink | undefined => {
  try {
    return readCommitLink(record);
  } catch (error) {
    if (error instanceof RejoinderError) return undefined;
    throw error;
  }
};

/** Whether a commit has events, by its value alone. Those without are of commands that were refused, or changed nothing. */
export const hasEvents = ({ value }: Pick<CommitRecord, "value">): boolean => {
  if (value === null) return false;
  const at = (index: number): number | undefined => (typeof value === "string" ? value.charCodeAt(index) : value[index]);
  // Not as text: that of a commit may have a megabyte, and only its beginning matters.
  let index = 0;
  const skipSpace = (): void => {
    while (JSON_SPACE.has(at(index))) index += 1;
  };
  skipSpace();
  if (at(index) !== OPENING) return true;
  index += 1;
  skipSpace();
  return at(index) !== CLOSING;
};

/** Space, tab, line feed and carriage return (RFC 8259 §2). */
const JSON_SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const [OPENING, CLOSING] = [0x5b, 0x5d];

/**
 * Reads a commit whole.
 * @param link of the commit, if it was read already
 * @throws RejoinderError `INVALID_RECORD`, naming what is wrong and where
 */
export const decodeCommit = (record: CommitRecord, link: CommitLink = readCommitLink(record)): Commit => {
  const command = readHeader(record, "command");
  if (command === undefined || command === "" || command.length > MAX_COMMAND_LENGTH)
    throw invalid(`Expected header command to have 1 to ${MAX_COMMAND_LENGTH} characters, got ${shown(command)}.`);
  const contentType = readHeader(record, "content-type");
  if (contentType?.split(";", 1)[0]?.trim().toLowerCase() !== CONTENT_TYPE)
    throw invalid(`Expected header content-type to be ${CONTENT_TYPE}, got ${shown(contentType)}.`);
  const answer = readAnswer(readHeader(record, "answer"));
  return { ...link, command, ...(answer === undefined ? {} : { answer }), events: readEvents(record.value) };
};

const readEvents = (value: CommitRecord["value"]): readonly CloudEvent[] => {
  const events = parseJson(value === null ? undefined : tryText(value), "the value of a commit");
  if (!Array.isArray(events)) throw invalid("Expected the value of a commit to be a JSON array of CloudEvents.");
  return events.map((event, index) => {
    try {
      return readCloudEvent(event);
    } catch (cause) {
      throw invalid(`Event ${index} of a commit: ${(cause as Error).message}`, cause);
    }
  });
};

const readAnswer = (text: string | undefined): CommandAnswer | undefined => {
  if (text === undefined) return undefined;
  const answer = parseJson(text, "header answer");
  const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(answer) && Object.keys(answer).length === 1) {
    if ("reply" in answer) return { reply: answer.reply };
    if ("error" in answer && isObject(answer.error)) return { error: { ...answer.error } };
  }
  throw invalid('Expected header answer to be {"reply": …} or {"error": {…}}.');
};

const parseJson = (text: string | undefined, of: string): unknown => {
  if (text === undefined) throw invalid(`Expected ${of} to be JSON, got bytes that are not UTF-8, or nothing.`);
  if (isTextTooDeep(text, MAX_ENVELOPE_DEPTH)) throw invalid(`Expected ${of} to have at most ${MAX_ENVELOPE_DEPTH} levels.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`Expected ${of} to be JSON: ${(cause as Error).message}`, cause);
  }
};

/** The last header of that name as text; empty if Kafka has it without a value, as some proxies store empty text. */
const readHeader = ({ headers }: Pick<CommitRecord, "headers">, name: string): string | undefined => {
  const header = headers.findLast(({ key }) => key === name);
  if (header === undefined) return undefined;
  return header.value === null ? "" : tryText(header.value);
};

const invalid = (detail: string, cause?: unknown): RejoinderError => new RejoinderError("INVALID_RECORD", { detail, cause });

const shown = (text: string | undefined): string =>
  text === undefined ? "nothing, or bytes that are not UTF-8" : JSON.stringify(text.slice(0, 80));
