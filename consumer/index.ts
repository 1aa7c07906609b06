export type { ReplyInput, ReplyOf, RequestInput, RequestOf } from "../contract/operation.ts";
export type { Caller } from "../protocol/caller.ts";
export type { Log } from "../environment/log.ts";
export { type Decider, decider, type DeciderDefinition, type Decision, type DecisionContext } from "./deciders/decider.ts";
export { type ConsumerDefinition, defineConsumer } from "./define-consumer.ts";
export {
  type Handler,
  type HandlerContext,
  type HandlerResult,
  type Handlers,
  OperationError,
  type ReplyWithStatus,
  RetryableError,
  type RetryableErrorOptions,
  withStatus,
} from "./handler.ts";
export type { Once, StepContext } from "./once/once.ts";
export { type PostgresClient, postgresOnce, type PostgresOnceOptions, type PostgresPool } from "./once/postgres.ts";
export type { OnceStore, Step } from "./once/store.ts";
export {
  after,
  type Duration,
  type Policy,
  policy,
  type PolicyContext,
  type PolicyDefinition,
  send,
  type SentRequest,
} from "./policies/policy.ts";
export { type Projection, projection, type ProjectionContext, type ProjectionDefinition } from "./views/projection.ts";
