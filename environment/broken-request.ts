import type { Duplex } from "node:stream";

/** A request that Node could not parse, so that no listener ever sees it. `reason` is a sentence. */
export type BrokenRequest = { readonly status: 400 | 408 | 431; readonly phrase: string; readonly reason: string };

const NOT_HTTP: BrokenRequest = { status: 400, phrase: "Bad Request", reason: "This is not an HTTP request." };

const BY_CODE: Readonly<Record<string, BrokenRequest>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, phrase: "Request Timeout", reason: "The request did not arrive in time." },
  HPE_INVALID_URL: { status: 400, phrase: "Bad Request", reason: "The path must be percent-encoded UTF-8." },
  HPE_HEADER_OVERFLOW: { status: 431, phrase: "Request Header Fields Too Large", reason: "The path and the headers are too large." },
};

/**
 * Answers a server's `clientError` as the server answers everything else: with a body, and not to be stored. Then it closes the connection.
 * @param bodyOf the content type and the JSON of the answer
 */
export const answerBrokenRequest = (
  error: NodeJS.ErrnoException,
  socket: Duplex,
  bodyOf: (broken: BrokenRequest) => { readonly type: string; readonly body: unknown },
): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const broken = BY_CODE[error.code ?? ""] ?? NOT_HTTP;
  const { type, body } = bodyOf(broken);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${broken.status} ${broken.phrase}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`, () => socket.destroy());
};
