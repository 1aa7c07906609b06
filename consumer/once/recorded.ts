import { MAX_REPLY_BYTES } from "../../protocol/limits.ts";

/** What JSON makes of a result: a Date becomes a string, nothing becomes null, and functions are not there. */
export type Recorded<Result> = Result extends undefined | void ? null : InJson<Result>;

type InJson<Value> = Value extends { toJSON(...given: never): infer Json }
  ? Json
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends bigint | symbol | ((...given: never) => unknown)
      ? never
      : { [Key in keyof Value]: InJson<Value[Key]> };

/**
 * The result of a step as JSON text.
 * @throws TypeError naming what in it is not JSON, or that it is too large
 */
export const toJson = (result: unknown, step: string): string => {
  const refuse = (what: string): never => {
    throw new TypeError(
      `Expected the result of step ${JSON.stringify(step)} to be JSON, got ${what}. Return only what the handler needs of it.`,
    );
  };
  const text = JSON.stringify(result ?? null, (key, value: unknown) => {
    const found = typeof value === "object" ? strangeObject(value) : strangePrimitive(value);
    return found === undefined ? value : refuse(key === "" ? found : `${found} at ${JSON.stringify(key)}`);
  });
  // As many as a reply may have: a result is a row, and is read at once.
  if (Buffer.byteLength(text) > MAX_REPLY_BYTES) refuse(`${Buffer.byteLength(text)} bytes, more than 1 MiB`);
  return text;
};

/** Whatever JSON would leave out, change or refuse. */
const strangePrimitive = (value: unknown): string | undefined => {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : String(value);
  return typeof value === "bigint" || typeof value === "symbol" || typeof value === "function" ? `a ${typeof value}` : undefined;
};

const strangeObject = (value: object | null): string | undefined => {
  if (value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return undefined;
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
};
