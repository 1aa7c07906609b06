import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../gateway-error.ts";
import { LIMITS } from "./call.ts";

/** How many bytes of bodies are held at once, over all calls. */
export type Held = {
  /** @throws GatewayError 503 if there is no room. */
  take(bytes: number): void;
  give(bytes: number): void;
};

export const createHeld = (maxBytes: number): Held => {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > maxBytes)
        throw new GatewayError(503, "The gateway holds as many records as it can: send them again a little later.", {
          retryAfterSeconds: 1,
        });
      held += bytes;
    },
    give(bytes) {
      held -= bytes;
    },
  };
};

/**
 * Reads a whole body. Takes its room from `held` before it is read; the caller gives back `bytes` of it when the call is answered.
 * @throws GatewayError 413 as soon as it is known to be too large, 503 without room; whatever the connection dies of.
 */
export const readBody = (request: IncomingMessage, held: Held, onTaken: (bytes: number) => void): Promise<Buffer> => {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > LIMITS.bodyBytes) throw tooLarge();
  if (declared === 0 && request.headers["transfer-encoding"] === undefined) return NO_BODY;
  const take = (bytes: number): void => {
    held.take(bytes);
    onTaken(bytes);
  };
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
    request.on("error", reject);
  });
};

const NO_BODY = Promise.resolve(Buffer.alloc(0));

const tooLarge = (): GatewayError => new GatewayError(413, `Expected a body of at most ${LIMITS.bodyBytes} bytes.`);

/** The JSON of a body whatever its content type says; undefined for an empty one. @throws GatewayError 400 */
export const parseBody = (body: Buffer): unknown => {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new GatewayError(400, "Expected the body to be UTF-8.");
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new GatewayError(400, `Expected the body to be JSON: ${(error as Error).message}.`, { cause: error });
  }
};
