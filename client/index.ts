export { createClient } from "./client.ts";
export type { BatchRequest, Client, ClientOptions, RequestOptions } from "./client.ts";
export type {
  ChunkOf,
  ClientContract,
  ErrorCodeOf,
  ErrorDataOf,
  ProgressOf,
  ReplyOf,
  RequestOf,
  RowOf,
  SchemaIssue,
  ViewNameOf,
} from "./contract.ts";
export { ClientError, isDefined } from "./client-error.ts";
export type { ClientErrorCode, Commit, DefinedError } from "./client-error.ts";
export type { ListedRequest, ListOptions } from "./list.ts";
export type { Status, Submission } from "./submission.ts";
export type { ListedRow, ViewOptions, ViewRow, ViewsOptions, WatchedRow } from "./view.ts";
export type { Problem } from "../protocol/problem.ts";
export type { LateReply, StatusBody } from "../protocol/status.ts";
