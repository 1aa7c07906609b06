export { createClient } from "./client.ts";
export type { Client, ClientOptions, RequestOptions } from "./client.ts";
export type { ClientContract, ReplyOf, RequestOf } from "./contract.ts";
export { ClientError } from "./client-error.ts";
export type { ClientErrorCode } from "./client-error.ts";
export type { Submission } from "./submission.ts";
export type { StatusBody } from "../protocol/status.ts";
