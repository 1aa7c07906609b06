import type { ClientError } from "./client-error.ts";
import type { Status } from "./submission.ts";

/** How a request stands. `state` determines which other members are present. */
export type RequestState<Reply, Progress = unknown, Chunk = unknown> =
  | Stage<"idle">
  /** Nobody has answered yet, so the request has no correlation ID. */
  | Stage<"sending">
  /** It was sent earlier, such as before a reload, and the server has not sent its status yet. */
  | Stage<"resuming", { readonly correlationId: string }>
  | Stage<"accepted" | "processing" | "cancelling", { readonly correlationId: string; readonly status: Status<Progress, Chunk> }>
  | Stage<"succeeded", Ended<Progress, Chunk> & { readonly reply: Reply }>
  /** There is no reply: the code of the error says why, such as `CANCELLED`. */
  | Stage<"failed", Ended<Progress, Chunk> & { readonly error: ClientError }>;

/** The status is the last one that the server sent, if any. */
type Ended<Progress, Chunk> = { readonly correlationId: string | undefined; readonly status: Status<Progress, Chunk> | undefined };

/** Members that are absent have the type undefined, so that all can be destructured at once. */
type Stage<State extends string, Members = unknown> = { readonly state: State } & Members &
  Partial<Record<Exclude<"correlationId" | "status" | "reply" | "error", keyof Members>, undefined>>;

export const IDLE = { state: "idle" } as const;

/** Whether the request is on its way, as far as anybody knows. */
export const isPending = ({ state }: Pick<RequestState<unknown>, "state">): boolean => PENDING[state];

const PENDING: Readonly<Record<RequestState<unknown>["state"], boolean>> = {
  idle: false,
  sending: true,
  resuming: true,
  accepted: true,
  processing: true,
  cancelling: true,
  succeeded: false,
  failed: false,
};
