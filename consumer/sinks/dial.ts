import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { Time } from "../../environment/time.ts";

type DialOptions = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly time: Time;
  /** Called in the same turn in which the socket opens, so that nothing is missed. */
  onOpen(socket: WebSocket): void;
  /** It was not opened, and never will be. */
  onFailure(failure: DialFailure): void;
};

export type DialFailure =
  /** The signature was refused. `date` is the time of whoever refused it. */
  | { readonly kind: "unauthorized"; readonly date: string | undefined }
  /** An upgrade is not possible here. The answer stays the same until something is deployed or configured. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It may be possible soon. */
  | { readonly kind: "failed"; readonly reason: string };

/** A handshake that takes longer is held back by something between us and the Worker. */
const HANDSHAKE_MS = 5_000;
/** A frame of a mailbox has a small part of that. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Statuses that mean: not now. */
const TEMPORARY = new Set([408, 425, 429]);
/** Statuses of a server that mean: never. */
const PERMANENT = new Set([501, 505]);

/** Tries to open a WebSocket. Returns what gives it up. */
export const dial = ({ url, headers, time, onOpen, onFailure }: DialOptions): (() => void) => {
  // Without compression: it takes longer than the bytes that it saves.
  const socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: MAX_ANSWER_BYTES });
  let isOver = false;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    time.clearTimeout(timer);
    return true;
  };
  const fail = (failure: DialFailure): void => {
    if (end()) onFailure(failure);
  };
  const timer = time.setTimeout(() => {
    fail({ kind: "refused", reason: `the handshake was not answered within ${HANDSHAKE_MS} ms` });
    socket.terminate();
  }, HANDSHAKE_MS);

  socket.on("open", () => end() && onOpen(socket));
  socket.on("unexpected-response", (_, response) => {
    fail(failureOf(response));
    socket.terminate();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => fail({ kind: "failed", reason: error.code ?? error.message }));
  return () => {
    if (end()) socket.terminate();
  };
};

const failureOf = ({ statusCode: status = 0, headers }: IncomingMessage): DialFailure => {
  if (status === 401) return { kind: "unauthorized", date: headers.date };
  const isTemporary = TEMPORARY.has(status) || (status >= 500 && !PERMANENT.has(status));
  return { kind: isTemporary ? "failed" : "refused", reason: `the handshake was answered with ${status}` };
};
