import { RejoinderError } from "./errors.ts";

/**
 * A CloudEvent 1.0 in the shape of its JSON format: context attributes and extensions side by side with `data`.
 * Source: CloudEvents 1.0.2 §3, JSON Event Format 1.0.2 §3.
 */
export type CloudEvent = {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339 */
  readonly time?: string;
  readonly subject?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  /** Any JSON value, or text if `datacontenttype` is not JSON; absent if the event has no data. */
  readonly data?: unknown;
  /** Base64, instead of `data`, for what is not text. */
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
};

/** Extensions are limited to names that every transport can carry (CloudEvents 1.0.2 §3.1). */
const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;
const REQUIRED = ["id", "source", "type"] as const;
const OPTIONAL_STRINGS = ["time", "subject", "datacontenttype", "dataschema", "data_base64"] as const;
const MEMBERS_OF_THE_FORMAT = new Set(["data", "data_base64"]);
const MAX_INT32 = 2 ** 31 - 1;

const invalid = (detail: string): RejoinderError => new RejoinderError("INVALID_RECORD", { detail });

const isAttributeValue = (value: unknown): value is string | number | boolean => {
  if (typeof value === "string" || typeof value === "boolean") return true;
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_INT32;
};

/**
 * Checks that a value is a CloudEvent.
 * @throws RejoinderError `INVALID_RECORD`, naming the attribute and what it must be.
 */
export const readCloudEvent = (value: unknown): CloudEvent => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("Expected a CloudEvent to be a JSON object.");
  const event = value as Record<string, unknown>;
  if (event["specversion"] !== "1.0")
    throw invalid(`Expected attribute specversion to be "1.0", got ${String(JSON.stringify(event["specversion"])).slice(0, 40)}.`);
  for (const name of REQUIRED) {
    if (typeof event[name] !== "string" || event[name] === "") throw invalid(`Expected attribute ${name} to be a non-empty string.`);
  }
  for (const name of OPTIONAL_STRINGS) {
    if (event[name] !== undefined && typeof event[name] !== "string") throw invalid(`Expected attribute ${name} to be a string.`);
  }
  if (event["data"] !== undefined && event["data_base64"] !== undefined) throw invalid("Expected either data or data_base64, got both.");
  for (const [name, attribute] of Object.entries(event)) {
    if (MEMBERS_OF_THE_FORMAT.has(name) || attribute === undefined) continue;
    if (!ATTRIBUTE_NAME.test(name))
      throw invalid(`Expected attribute names of 1 to 20 characters a-z 0-9, got ${JSON.stringify(name.slice(0, 40))}.`);
    if (!isAttributeValue(attribute)) throw invalid(`Expected attribute ${name} to be a string, a boolean or a 32-bit integer.`);
  }
  return event as CloudEvent;
};

/** The attributes of an event that travel as headers in binary mode: all but the data and its content type. */
export const attributesOf = (event: CloudEvent): [name: string, value: string][] => {
  const attributes: [string, string][] = [];
  for (const [name, value] of Object.entries(event)) {
    if (value !== undefined && name !== "datacontenttype" && !MEMBERS_OF_THE_FORMAT.has(name)) attributes.push([name, String(value)]);
  }
  return attributes;
};

/** Whether a media type is JSON: `application/json`, `…+json`, or not named at all (JSON Event Format 1.0.2 §3.1). */
export const isJsonMediaType = (contentType: string | undefined): boolean => {
  if (contentType === undefined) return true;
  const mediaType = (contentType.split(";", 1)[0] as string).trim().toLowerCase();
  return mediaType === "application/json" || mediaType === "text/json" || mediaType.endsWith("+json");
};
