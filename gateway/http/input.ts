import type { TopicPartition, TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { isTopic, TOPIC_RULE } from "../../protocol/topics.ts";
import type { OwnInstance } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import { type Call, LIMITS } from "./call.ts";

/** A JSON object, its members not looked at yet. */
export type JsonObject = { readonly [member: string]: unknown };

export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

/** The error for a value that is not as expected. @returns an error with status 400 */
export const unexpected = (what: string, expected: string, value: unknown): GatewayError =>
  new GatewayError(400, `Expected ${what} to be ${expected}, got ${shown(value)}.`);

/** Part of a value at most, since it may be as large and as deep as a body can be. */
export const shown = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" && value.length > 100 ? `${JSON.stringify(value.slice(0, 100))}…` : JSON.stringify(value);
};

/** @throws GatewayError 400 */
export const readInteger = (what: string, value: unknown, least: number, most: number): number => {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw unexpected(what, `a whole number from ${least} to ${most}`, value);
};

/** An integer as a header or a query parameter carries it. @throws GatewayError 400 */
export const readIntegerText = (what: string, text: string, least: number, most: number): number =>
  readInteger(what, /^\d{1,16}$/.test(text) ? Number(text) : text, least, most);

export const MAX_PARTITION = 2 ** 31 - 1;

/** @throws GatewayError 400 */
export const readTopic = (value: unknown): string => {
  if (typeof value === "string" && isTopic(value)) return value;
  throw unexpected("the topic", TOPIC_RULE, value);
};

/** `/$GROUP/$INSTANCE` of the path, as the user of the call. @throws GatewayError 400 */
export const readInstance = ({ path: [group = "", instance = ""], credential: { user } }: Call): OwnInstance => {
  for (const [what, name] of [
    ["the group", group],
    ["the instance", instance],
  ] as const)
    if (name.length === 0 || name.length > 255) throw unexpected(what, "of 1 to 255 characters", name);
  return { group, instance, user };
};

/** How long to wait, in the body or the query. @throws GatewayError 400 */
export const readTimeout = ({ query, body }: Call, defaultMs: number): number => {
  if (isObject(body) && body["timeout"] !== undefined && body["timeout"] !== null)
    return readInteger("the timeout", body["timeout"], 0, LIMITS.waitMs);
  const text = query.get("timeout");
  return text === null ? defaultMs : readIntegerText("the timeout", text, 0, LIMITS.waitMs);
};

/** @throws GatewayError 413 */
export const requireFew = (what: string, { length }: readonly unknown[]): void => {
  if (length > LIMITS.bodyElements)
    throw new GatewayError(413, `Expected at most ${LIMITS.bodyElements} ${what}, got ${length}: send them in several calls.`);
};

/** The objects of a body that is one object or an array of them; none for an empty body. @throws GatewayError 400 */
export const readObjects = (what: string, body: unknown): readonly JsonObject[] => {
  if (body === undefined) return [];
  const values: readonly unknown[] = Array.isArray(body) ? body : [body];
  requireFew("elements", values);
  for (const value of values) if (!isObject(value)) throw unexpected(what, "an object, or an array of them", value);
  return values as readonly JsonObject[];
};

/** @throws GatewayError 400 */
export const readPartition = (value: JsonObject): TopicPartition => ({
  topic: readTopic(value["topic"]),
  partition: readInteger("the partition", value["partition"], 0, MAX_PARTITION),
});

/** @throws GatewayError 400 */
export const readOffset = (value: JsonObject): TopicPartitionOffset => ({
  ...readPartition(value),
  offset: readInteger("the offset", value["offset"], 0, Number.MAX_SAFE_INTEGER),
});
