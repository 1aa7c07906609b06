import type { Operation } from "./operation.ts";
import type { Responder } from "./responder.ts";

/** Operations by name, as the Worker, the consumer and the clients take them. */
export type Contract = { readonly [name: string]: Operation };

/** The names of the operations that a handler of ours answers. */
export type HandledName<C extends Contract> = { [Name in keyof C]: C[Name]["responder"] extends Responder ? never : Name }[keyof C];

/**
 * Gathers operations under their names.
 * @throws TypeError if an operation stands under another name than its own, or if a topic has two uses that exclude each other.
 */
export const defineContract = <const C extends Contract>(operations: C): C => {
  for (const [name, operation] of Object.entries(operations)) {
    if (operation.name !== name)
      throw new TypeError(`Expected operation ${JSON.stringify(operation.name)} to stand under its own name, got ${JSON.stringify(name)}`);
  }
  checkTopics(operations);
  return Object.freeze(operations);
};

/** The operation of that name, or undefined; names from outside never reach the prototype. */
export const findOperation = (contract: Contract, name: string): Operation | undefined =>
  Object.hasOwn(contract, name) ? contract[name] : undefined;

/** Every topic that the contract produces to, each once. */
export const topicsOf = (contract: Contract): readonly string[] => [
  ...new Set(Object.values(contract).map((operation) => operation.topic)),
];

/** The topics of the operations that handlers of ours answer, each once. */
export const handledTopicsOf = (contract: Contract): readonly string[] => [
  ...new Set(Object.values(contract).flatMap(({ topic, responder }) => (responder === undefined ? topic : []))),
];

/** The operations that others answer, by the topics of their replies. */
export const respondedOperationsOf = (contract: Contract): ReadonlyMap<string, Operation> =>
  new Map(
    Object.values(contract).flatMap((operation) =>
      operation.responder === undefined ? [] : [[operation.responder.replyTopic, operation]],
    ),
  );

/** What is read from a topic must be of one kind: of requests for handlers, of requests for responders, of the replies of one operation. */
const checkTopics = (contract: Contract): void => {
  const uses = new Map<string, string>();
  for (const { name, topic, responder } of Object.values(contract)) {
    const own: [topic: string, use: string][] =
      responder === undefined
        ? [[topic, "requests to handlers"]]
        : [
            [topic, "requests to responders"],
            [responder.replyTopic, `replies to ${name}`],
          ];
    for (const [topic, use] of own) {
      const other = uses.get(topic) ?? use;
      if (other !== use)
        throw new TypeError(`Expected topic ${JSON.stringify(topic)} to have one use, got ${other} and, of operation ${name}, ${use}`);
      uses.set(topic, use);
    }
  }
};
