import { isJsonMediaType } from "../protocol/cloudevent.ts";
import { RejoinderError } from "../protocol/errors.ts";
import { isTextTooDeep } from "../protocol/json-shape.ts";
import { MAX_JSON_DEPTH } from "../protocol/limits.ts";

/** @throws RejoinderError `UNSUPPORTED_MEDIA_TYPE` for a content type that is not JSON */
export const checkJsonType = (contentType: string | undefined): void => {
  if (contentType !== undefined && isJsonMediaType(contentType)) return;
  throw new RejoinderError("UNSUPPORTED_MEDIA_TYPE", { detail: "Expected the header Content-Type: application/json." });
};

/**
 * Reads a body of at most `maxBytes`, and stops reading soon after that.
 * @throws RejoinderError `BODY_TOO_LARGE`, or `INCOMPLETE_BODY` if the caller goes away or its chunks are none
 */
export const readBody = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  try {
    return await readWithin(request, maxBytes);
  } catch (error) {
    throw error instanceof RejoinderError ? error : new RejoinderError("INCOMPLETE_BODY", { cause: error });
  }
};

const readWithin = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const tooLarge = () =>
    new RejoinderError("BODY_TOO_LARGE", { detail: `Expected a body of at most ${maxBytes} bytes.`, members: { maxBytes } });
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > maxBytes) throw tooLarge();
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return concatenate(chunks, size);
};

const encoder = new TextEncoder();

/** Whether text has more bytes in UTF-8. A character has three at most, so nearly all text is measured without being encoded. */
export const isLongerThan = (text: string, maxBytes: number): boolean =>
  text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes;

/** The length of text in bytes of UTF-8. */
export const bytesOf = (text: string): number => encoder.encode(text).length;

const concatenate = (chunks: readonly Uint8Array[], size: number): Uint8Array => {
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
};

/** The value of a body, as {@link readJson} reads it. */
export const parseJson = (body: Uint8Array, levels?: number): unknown => readJson(body, levels).data;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Reads a body as JSON (RFC 8259: UTF-8): its value, and its text as it came.
 * @param levels how deep objects and arrays may be nested
 * @throws RejoinderError `MALFORMED_JSON` with the parser's position.
 */
export const readJson = (body: Uint8Array, levels = MAX_JSON_DEPTH): { readonly data: unknown; readonly json: string } => {
  try {
    const json = strictUtf8.decode(body);
    if (isTextTooDeep(json, levels)) throw new TypeError(`it has more than ${levels} levels of objects and arrays`);
    return { data: JSON.parse(json), json };
  } catch (error) {
    throw new RejoinderError("MALFORMED_JSON", {
      detail: `Expected the body to be JSON in UTF-8: ${(error as Error).message}`,
      cause: error,
    });
  }
};
