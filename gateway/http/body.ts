import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { isTextTooDeep } from "../../protocol/json-shape.ts";
import { MAX_JSON_DEPTH } from "../../protocol/limits.ts";
import { GatewayError } from "../gateway-error.ts";
import { LIMITS } from "./call.ts";
import { shown } from "./input.ts";
import { repeatedMember } from "./json-members.ts";

/**
 * Reads a whole body.
 * @param take called with a number of bytes before they are read; it throws to refuse the body
 * @throws GatewayError 413 as soon as the body is known to be too large, 400 if it does not arrive whole
 */
export const readBody = (request: IncomingMessage, take: (bytes: number) => void): Promise<Buffer> => {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > LIMITS.bodyBytes) throw tooLarge();
  if (declared === 0 && request.headers["transfer-encoding"] === undefined) return NO_BODY;
  take(declared);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (error: Error): void => {
      request.removeAllListeners("data");
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      const before = Math.max(bytes, declared);
      bytes += chunk.length;
      if (bytes > LIMITS.bodyBytes) return fail(tooLarge());
      try {
        if (bytes > before) take(bytes - before);
      } catch (error) {
        return fail(error as Error);
      }
      chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on("error", (cause) => reject(new GatewayError(400, "The body did not arrive whole.", { cause })));
  });
};

const NO_BODY = Promise.resolve(Buffer.alloc(0));

const tooLarge = (): GatewayError => new GatewayError(413, `Expected a body of at most ${LIMITS.bodyBytes} bytes.`);

/** The text of a body. @throws GatewayError 400 */
export const decodeBody = (body: Buffer): string => {
  if (!isUtf8(body)) throw new GatewayError(400, "Expected the body to be UTF-8.");
  return body.toString();
};

/**
 * The JSON of a body whatever its content type says; undefined for an empty one.
 * @throws GatewayError 400, also if it is nested too deep, or an object has a member twice: parsers differ in which one they take (RFC 8259 §4)
 */
export const parseBody = (body: Buffer): unknown => {
  if (body.length === 0) return undefined;
  const text = decodeBody(body);
  if (isTextTooDeep(text, MAX_JSON_DEPTH))
    throw new GatewayError(400, `Expected the body to have at most ${MAX_JSON_DEPTH} levels of objects and arrays.`);
  const value = parseJson(text);
  const repeated = repeatedMember(text);
  if (repeated !== undefined) throw new GatewayError(400, `Expected each member once, got ${shown(repeated)} twice in one object.`);
  return value;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GatewayError(400, `Expected the body to be JSON: ${(error as Error).message}.`);
  }
};
