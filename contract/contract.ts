import type { Operation } from "./operation.ts";

/** Operations by name, as the Worker, the consumer and the clients take them. */
export type Contract = { readonly [name: string]: Operation };

/**
 * Gathers operations under their names.
 * @throws TypeError if an operation stands under another name than its own.
 */
export const defineContract = <const C extends Contract>(operations: C): C => {
  for (const [name, operation] of Object.entries(operations)) {
    if (operation.name !== name)
      throw new TypeError(`Expected operation ${JSON.stringify(operation.name)} to stand under its own name, got ${JSON.stringify(name)}`);
  }
  return Object.freeze(operations);
};

/** The operation of that name, or undefined; names from outside never reach the prototype. */
export const findOperation = (contract: Contract, name: string): Operation | undefined =>
  Object.hasOwn(contract, name) ? contract[name] : undefined;

/** Every topic that the contract produces to, each once. */
export const topicsOf = (contract: Contract): readonly string[] => [
  ...new Set(Object.values(contract).map((operation) => operation.topic)),
];
