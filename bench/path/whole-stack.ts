import { allToTheirEnd } from "../lifetime.ts";
import { type BenchStack, type StackLog, type StackOptions, startBenchStack } from "./stack.ts";

/** How many consumers there are; each has a name of its own. */
export type WholeStackOptions = StackOptions & { readonly consumers?: number };

/** Starts a stack and its consumers. */
export const startWholeStack = async (log: StackLog, { consumers = 1, ...options }: WholeStackOptions = {}): Promise<BenchStack> => {
  const stack = await startBenchStack(log, options);
  try {
    const instances = Array.from({ length: consumers }, (_, index) => `bench-${index + 1}`);
    await allToTheirEnd(instances.map((CONSUMER_INSTANCE) => stack.startConsumer({ variables: { CONSUMER_INSTANCE } })));
    return stack;
  } catch (error) {
    await stack.remove();
    throw error;
  }
};
