import type { StatusBody } from "../protocol/status.ts";
import type { ClientError } from "./client-error.ts";

/** The progress of a request. `state` determines which other members are present. */
export type Progress<Reply> =
  | Stage<"idle">
  /** Nobody has answered yet, so the request has no correlation ID. */
  | Stage<"sending">
  /** It was sent earlier, such as before a reload, and the server has not sent its status yet. */
  | Stage<"resuming", { readonly correlationId: string }>
  | Stage<"accepted" | "processing", { readonly correlationId: string; readonly status: StatusBody }>
  | Stage<"succeeded", Ended & { readonly reply: Reply }>
  /** There is no reply: the code of the error says why. */
  | Stage<"failed", Ended & { readonly error: ClientError }>;

/** The status is the last one that the server sent, if any. */
type Ended = { readonly correlationId: string | undefined; readonly status: StatusBody | undefined };

/** Members that are absent have the type undefined, so that all can be destructured at once. */
type Stage<State extends string, Members = unknown> = { readonly state: State } & Members &
  Partial<Record<Exclude<"correlationId" | "status" | "reply" | "error", keyof Members>, undefined>>;

export const IDLE = { state: "idle" } as const;

/** Whether the request is on its way, as far as anybody knows. */
export const isPending = ({ state }: Progress<unknown>): boolean => PENDING[state];

const PENDING: Readonly<Record<Progress<unknown>["state"], boolean>> = {
  idle: false,
  sending: true,
  resuming: true,
  accepted: true,
  processing: true,
  succeeded: false,
  failed: false,
};
