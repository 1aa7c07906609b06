import { contract } from "../test/project/app/contract.ts";

/** The contract that is measured: that of the tests, on a topic of its own, so that several stacks can share a cluster. */
export const contractOn = (topic: string): typeof contract =>
  Object.fromEntries(Object.entries(contract).map(([name, operation]) => [name, { ...operation, topic }])) as typeof contract;
