import { type BenchStack, type StackLog, type StackOptions, startBenchStack } from "./stack.ts";

/** Starts a stack and so many consumers of it, each under a name of its own. */
export const startWholeStack = async (log: StackLog, consumers = 1, options: StackOptions = {}): Promise<BenchStack> => {
  const stack = await startBenchStack(log, options);
  try {
    const instances = Array.from({ length: consumers }, (_, index) => `bench-${index + 1}`);
    const starting = instances.map((CONSUMER_INSTANCE) => stack.startConsumer({ variables: { CONSUMER_INSTANCE } }));
    // All of them to their end: what is being started could not be stopped.
    await Promise.allSettled(starting);
    await Promise.all(starting);
    return stack;
  } catch (error) {
    await stack.remove();
    throw error;
  }
};
