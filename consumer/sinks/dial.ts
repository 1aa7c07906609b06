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

export type DialFailure = {
  /**
   * - `unauthorized`: the signature was refused.
   * - `refused`: an upgrade is not possible here. The answer stays the same until something is deployed or configured.
   * - `failed`: whoever answered says that it may be possible soon.
   * - `away`: nobody has answered, which may change soon.
   */
  readonly kind: "unauthorized" | "refused" | "failed" | "away";
  readonly reason: string;
  /** The time of whoever answered, as a header says it. */
  readonly date?: string | undefined;
};

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
  socket.on("error", (error: NodeJS.ErrnoException) => fail({ kind: "away", reason: error.code ?? error.message }));
  return () => {
    if (end()) socket.terminate();
  };
};

const failureOf = ({ statusCode: status = 0, headers }: IncomingMessage): DialFailure => {
  const isTemporary = TEMPORARY.has(status) || (status >= 500 && !PERMANENT.has(status));
  const kind = status === 401 ? "unauthorized" : isTemporary ? "failed" : "refused";
  return { kind, reason: `the handshake was answered with ${status}`, date: headers.date };
};
