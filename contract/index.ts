export {
  aggregate,
  type AggregateDefinition,
  type AnyAggregate,
  type CommandDefinitions,
  type EventData,
  type EventDefinition,
  type EventDefinitions,
  type EventInput,
  type EventOf,
} from "./aggregate.ts";
export { type Contract, type ContractOf, defineContract, type PartsBeside } from "./contract.ts";
export { DefinitionError } from "./definition-error.ts";
export {
  type ErrorDefinition,
  type ErrorDefinitions,
  operation,
  type Operation,
  type OperationDefinition,
  type OperationDescription,
  type ReplyInput,
  type ReplyOf,
  type RequestInput,
  type RequestOf,
} from "./operation.ts";
export { personal } from "./personal.ts";
export type { Responder } from "./responder.ts";
export type { RetryDefinition, RetryPolicy } from "./retry-policy.ts";
export { type AnyView, type RowInput, type RowOf, view, type ViewDefinition } from "./view.ts";
export type { InputOf, JsonSchema, OutputOf, Schema } from "./schema.ts";
