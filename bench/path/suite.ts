import type { Fsync } from "../fsync.ts";
import { duringLifetime } from "../lifetime.ts";
import { measureLoad } from "../load.ts";
import type { Pace } from "../pace.ts";
import { type Case, type CaseRounds, measureRounds } from "../rounds.ts";
import { type BenchStack, startBenchStack } from "./stack.ts";
import { createTargets, type TargetName } from "./targets.ts";
import { measureWakeUp, type WakeUp } from "./wake-up.ts";
import { startWholeStack } from "./whole-stack.ts";

/** `accept+consumer` is accept while the consumer handles what is accepted. */
export type CaseName = TargetName | "accept+consumer";

/** Everything that was measured with one fsync setting. Each of the two stacks has its own `/health` to be compared with. */
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
  const { withoutConsumer, wakeUp } = await duringLifetime(startBenchStack({ fsync }), async (stack) => {
    const targets = createTargets(stack);
    await warmUp(stack, ["health", "produce", "accept"], pace);
    const cases: Case<CaseName>[] = CONNECTIONS.flatMap((connections) => [
      { name: "health", work: targets.health, connections },
      { name: "produce", work: targets.produce, connections },
      { name: "accept", work: targets.accept, connections },
    ]);
    return {
      withoutConsumer: await measureRounds(cases, pace, say),
      wakeUp: await measureWakeUp(stack, targets.accept, pace.wakeUps),
    };
  });
  const withConsumer = await duringLifetime(startWholeStack({ fsync }), async (stack) => {
    const targets = createTargets(stack);
    await warmUp(stack, ["health", "request-reply"], pace);
    const cases: Case<CaseName>[] = CONNECTIONS.flatMap((connections) => [
      { name: "health", work: targets.health, connections },
      { name: "request-reply", work: targets["request-reply"], connections },
    ]);
    const measured = await measureRounds(cases, pace, say);
    // Last, because of the backlog.
    const accept = CONNECTIONS.map((connections) => ({ name: "accept+consumer" as const, work: targets.accept, connections }));
    return [...measured, ...(await measureRounds(accept, pace, say))];
  });
  return { fsync, withoutConsumer, wakeUp, withConsumer };
};

const warmUp = async (stack: BenchStack, names: readonly TargetName[], { firstWarmUpMs }: Pace): Promise<void> => {
  const targets = createTargets(stack);
  for (const name of names) {
    await measureLoad(targets[name], { connections: WARM_UP_CONNECTIONS, warmUpMs: 0, measureMs: firstWarmUpMs });
  }
};
