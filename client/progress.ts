import type { ClientError } from "../../client/index.ts";

/** How a request stands: the state tells which of the other members are there. */
export type Progress<Reply> =
  | Stage<"idle">
  /** Nobody has answered yet, so the request has no name. */
  | Stage<"sending">
  /** It was sent before, perhaps by a page that is gone, and the server has yet to tell how it stands. */
  | Stage<"resuming", { readonly correlationId: string }>
  | Stage<"accepted", { readonly correlationId: string }>
  | Stage<"processing", { readonly correlationId: string }>
  | Stage<"succeeded", { readonly correlationId: string | undefined; readonly reply: Reply }>
  /** There is no reply: the code of the error says why. */
  | Stage<"failed", { readonly correlationId: string | undefined; readonly error: ClientError }>;

/** Members that are not there are undefined, so that all can be taken apart at once. */
type Stage<State extends string, Members = unknown> = { readonly state: State } & Members &
  Partial<Record<Exclude<"correlationId" | "reply" | "error", keyof Members>, undefined>>;

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
