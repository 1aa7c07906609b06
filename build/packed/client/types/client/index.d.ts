export { createClient } from "./client.js";
export type { Client, ClientOptions, RequestOptions } from "./client.js";
export type { ClientContract, ErrorCodeOf, ErrorDataOf, ReplyOf, RequestOf } from "./contract.js";
export { ClientError, isDefined } from "./client-error.js";
export type { ClientErrorCode, DefinedError } from "./client-error.js";
export type { Submission } from "./submission.js";
export type { StatusBody } from "../protocol/status.js";
