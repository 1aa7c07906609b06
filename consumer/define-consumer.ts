import { DefinitionError } from "../contract/definition-error.ts";
import type { Contract } from "../contract/contract.ts";
import type { Telemetry } from "../protocol/tracing.ts";
import type { AnyHandlers, Handlers } from "./handler.ts";
import type { OnceStore } from "./once/store.ts";

/** A consumer as an application defines it: a contract, and the handlers of its operations. */
export type ConsumerDefinition<C extends Contract = Contract> = {
  readonly contract: C;
  readonly handlers: AnyHandlers;
  /** `{ context, trace }` of `@opentelemetry/api`: handlers run in spans that are made with them. Absent: there are none. */
  readonly telemetry?: Telemetry | undefined;
  /** Keeps the results of steps. Undefined: a file of SQLite does. */
  readonly once?: OnceStore | undefined;
};

/**
 * Defines a consumer. Importing the definition has no effect: the command `rejoinder consumer` runs it.
 * @throws DefinitionError if an operation has no handler, or a handler has no operation or one that a responder answers
 */
export const defineConsumer = <const C extends Contract, Given extends readonly unknown[] = []>(definition: {
  readonly contract: C;
  readonly handlers: Handlers<C, Given>;
  /** Where the results of steps are kept that handlers do by `once`, such as `postgresOnce({ pool })`. Default: a file of SQLite in CONSUMER_DATA_DIR. */
  readonly once?: OnceStore<Given>;
  readonly telemetry?: Telemetry;
}): ConsumerDefinition<C> => {
  const { contract, handlers, once, telemetry } = definition;
  const handled = Object.values(contract).flatMap(({ name, responder }) => (responder === undefined ? [name] : []));
  for (const name of handled) {
    if (!Object.hasOwn(handlers, name) || typeof handlers[name as keyof typeof handlers] !== "function")
      throw new DefinitionError(`Expected a handler for operation ${JSON.stringify(name)}. Add a function of that name to handlers.`);
  }
  for (const name of Object.keys(handlers)) {
    if (handled.includes(name)) continue;
    const why = Object.hasOwn(contract, name) ? "a responder answers that operation" : "the contract has no such operation";
    throw new DefinitionError(
      `Expected no handler ${JSON.stringify(name)}: ${why}. The operations with handlers are ${handled.join(", ")}.`,
    );
  }
  return Object.freeze({ contract, handlers: handlers as AnyHandlers, once: once as OnceStore | undefined, telemetry });
};
