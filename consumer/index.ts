export type { ReplyInput, ReplyOf, RequestInput, RequestOf } from "../contract/operation.ts";
export { type ConsumerDefinition, defineConsumer } from "./define-consumer.ts";
export { type Handler, type HandlerContext, type Handlers, OperationError, withStatus } from "./handler.ts";
