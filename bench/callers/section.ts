import type { Host } from "../../cli/start/part-environments.ts";
import { type Case, findMismeasured, measureCases, steadinessOf, tableOf, warmUp } from "../cases.ts";
import type { Usage } from "../costs/bill.ts";
import { countUsage } from "../costs/usage.ts";
import { measureLoad } from "../load.ts";
import type { Pace } from "../pace.ts";
import { startStack } from "../processes.ts";
import { type Processes, tableOfProcessorTime } from "../processor-time.ts";
import type { Result, Say, Section } from "../result.ts";
import { COUNTED_WORKER } from "../workerd.ts";
import { createCallers, stackOptionsFor } from "./callers.ts";
import { startIssuer } from "./issuer.ts";
import { PLANS } from "../costs/counted/plans.ts";
import { ANYBODY, calculateRatios, CONNECTIONS, goalsOf, HOST, tablesOfUsage } from "./ratios.ts";

const LOG = { fsync: "os" } as const;

/** What it costs to know callers, to count their requests, and to know a request again. */
export const callersSection: Section = {
  conditions: () => ({ plans: PLANS }),
  async measure(pace, say) {
    const results: Result[] = [];
    for (const host of ["node", "workerd"] as const) results.push(await compareCallers(host, pace, say));
    return [...results, await countCallers(pace, say)];
  },
};

const compareCallers = async (host: Host, pace: Pace, say: Say): Promise<Result> => {
  await using issuer = await startIssuer();
  await using stack = await startStack(LOG, { host, ...stackOptionsFor(issuer) });
  const { worker = 0, workerd, gateway, consumer = 0 } = stack.pids;
  const processes: Processes = {
    [HOST]: [workerd ?? worker],
    ...(gateway !== undefined && { gateway: [gateway] }),
    consumer: [consumer],
  };
  const cases = Object.entries(await createCallers(stack, issuer)).map(([name, work]): Case => ({
    name,
    work,
    connections: CONNECTIONS,
    processes,
    ...(name !== ANYBODY && { beside: { [ANYBODY]: ANYBODY } }),
  }));
  await warmUp(cases, pace.firstWarmUpMs);
  const measured = await measureCases(cases, pace, say);
  const where = host === "node" ? "on Node" : "in workerd";
  return {
    name: `callers who wait for a sum, the Worker ${where}, embedded`,
    tables: [
      tableOf("callers", measured),
      ...[tableOfProcessorTime("processor, µs a request", measured)].filter(({ lines }) => lines.length > 0),
    ],
    ratios: calculateRatios(host, measured),
    arithmeticMs: steadinessOf(measured),
    goals: goalsOf(host, measured),
    mismeasured: findMismeasured(measured, where),
  };
};

/** What Cloudflare counts of each kind of callers until they have their replies; not what keeping the statuses takes, which is the same for all. */
export const countCallers = async ({ callersUsageMs }: Pick<Pace, "callersUsageMs">, say: Say): Promise<Result> => {
  await using issuer = await startIssuer();
  await using stack = await startStack(LOG, { workerProgram: COUNTED_WORKER, ...stackOptionsFor(issuer) });
  const usages: Usage[] = [];
  for (const [name, work] of Object.entries(await createCallers(stack, issuer))) {
    say(`counting: ${name}`);
    const load = { connections: CONNECTIONS, warmUpMs: 0, measureMs: callersUsageMs };
    // What is done once for each caller, or once a day, has been done then.
    await measureLoad(work, load);
    usages.push(await countUsage(stack, name, work, load));
  }
  return {
    name: `what Cloudflare counts of callers who wait, at ${CONNECTIONS}, until they have their replies`,
    tables: tablesOfUsage(usages),
  };
};
