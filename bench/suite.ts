import { measureLoad } from "./load.ts";
import type { Pace } from "./pace.ts";
import { type Case, type CaseRounds, measureRounds } from "./rounds.ts";
import { type BenchStack, type Fsync, startBenchStack } from "./stack.ts";
import { createTargets, type TargetName } from "./targets.ts";
import { measureWakeUp, type WakeUp } from "./wake-up.ts";

/** `accept+consumer` is accept while the consumer handles what is accepted. */
export type CaseName = TargetName | "accept+consumer";

/** Everything that was measured with one fsync setting. Each of the two halves has its own `/health` to be compared with. */
export type SuiteResult = {
  readonly fsync: Fsync;
  readonly withoutConsumer: readonly CaseRounds<CaseName>[];
  readonly wakeUp: WakeUp;
  readonly withConsumer: readonly CaseRounds<CaseName>[];
};

const CONNECTIONS = [1, 32, 128] as const;
const WARM_UP_CONNECTIONS = 32;

/**
 * Measures with one fsync setting, on two stacks that are started and stopped for it: accepting leaves a backlog of requests,
 * behind which request-reply would have to wait.
 */
export const runSuite = async (fsync: Fsync, pace: Pace, say: (line: string) => void): Promise<SuiteResult> => {
  const { withoutConsumer, wakeUp } = await onStack(fsync, async (stack) => {
    const targets = createTargets(stack);
    await warmUp(stack, ["health", "produce", "accept"], pace);
    const cases: Case<CaseName>[] = CONNECTIONS.flatMap((connections) => [
      { name: "health", target: targets.health, connections },
      { name: "produce", target: targets.produce, connections },
      { name: "accept", target: targets.accept, connections },
    ]);
    return {
      withoutConsumer: await measureRounds(cases, pace, say),
      wakeUp: await measureWakeUp(stack, targets.accept, pace.wakeUps),
    };
  });
  const withConsumer = await onStack(fsync, async (stack) => {
    const targets = createTargets(stack);
    await stack.startConsumer();
    await warmUp(stack, ["health", "request-reply"], pace);
    const cases: Case<CaseName>[] = CONNECTIONS.flatMap((connections) => [
      { name: "health", target: targets.health, connections },
      { name: "request-reply", target: targets["request-reply"], connections },
    ]);
    const measured = await measureRounds(cases, pace, say);
    // Last, because of the backlog.
    const accept = CONNECTIONS.map((connections) => ({ name: "accept+consumer" as const, target: targets.accept, connections }));
    return [...measured, ...(await measureRounds(accept, pace, say))];
  });
  return { fsync, withoutConsumer, wakeUp, withConsumer };
};

const onStack = async <Result>(fsync: Fsync, run: (stack: BenchStack) => Promise<Result>): Promise<Result> => {
  const stack = await startBenchStack(fsync);
  try {
    return await run(stack);
  } finally {
    await stack.remove();
  }
};

const warmUp = async (stack: BenchStack, names: readonly TargetName[], { firstWarmUpMs }: Pace): Promise<void> => {
  const targets = createTargets(stack);
  for (const name of names) {
    await measureLoad(targets[name], { connections: WARM_UP_CONNECTIONS, warmUpMs: 0, measureMs: firstWarmUpMs });
  }
};
