import { type Case, findMismeasured, measureCases, ratioOf, steadinessOf, tableOf, warmUp } from "../cases.ts";
import { FSYNCS, type Fsync, startStack } from "../processes.ts";
import type { Pace } from "../pace.ts";
import { createTargets } from "../requests.ts";
import { atLeast, atMost, type Result, type Say, type Section } from "../result.ts";
import { measureWakeUp } from "../wake-up.ts";

/** The main path: what a request costs on its way through Worker, gateway and consumer. */
export const pathSection: Section = {
  conditions: () => ({ engine: "embedded", mailboxShards: 1 }),
  async measure(pace, say) {
    const results: Result[] = [];
    for (const fsync of FSYNCS) {
      say(`measuring the main path with fsync ${fsync}`);
      results.push(await measurePath(fsync, pace, say));
    }
    return results;
  },
};

const CONNECTIONS = [1, 32, 128] as const;

/** On two stacks: accepting leaves a backlog of requests, behind which request-reply would have to wait. */
const measurePath = async (fsync: Fsync, pace: Pace, say: Say): Promise<Result> => {
  const { accepting, wakeUp } = await measureAccepting(fsync, pace, say);
  const replying = await measureReplying(fsync, pace, say);
  const all = [...accepting, ...replying];
  const acceptToHealth = ratioOf(accepting, { connections: 32, of: "accept", to: "health" });
  const { replyToAnswerMs, readMs, wakeUpMs } = wakeUp;
  const parts = { "reply sent → waiting GET answered": replyToAnswerMs, "one Mailbox read": readMs, "the difference": wakeUpMs };
  const wakeUpLines = Object.entries(parts).map(([name, ms]) => ({ name, numbers: { ms } }));
  return {
    name: `the main path, fsync ${fsync}`,
    tables: [
      tableOf("without a consumer", accepting),
      tableOf("with a consumer", replying),
      { title: "wake-up of a waiting caller", lines: wakeUpLines },
    ],
    arithmeticMs: steadinessOf(all),
    goals: [
      // A goal for produces that wait for the disk.
      ...(fsync === "always" ? [atMost("accept p50 ÷ produce p50, 1 connection", 4, ratioOf(accepting, ACCEPT_TO_PRODUCE), "×")] : []),
      atLeast("accept rate ÷ health rate, 32 connections", 0.25, acceptToHealth, "×"),
      atMost("wake-up", 3, wakeUpMs, "ms"),
    ],
    mismeasured: findMismeasured(all, `fsync ${fsync}`),
  };
};

const ACCEPT_TO_PRODUCE = { connections: 1, of: "accept", to: "produce", number: "p50Us" } as const;

const measureAccepting = async (fsync: Fsync, pace: Pace, say: Say) => {
  await using stack = await startStack({ fsync }, { withConsumer: false });
  const { health, produce, accept } = createTargets(stack);
  const cases = casesOf({ health, produce, accept });
  await warmUp(cases, pace.firstWarmUpMs);
  return { accepting: await measureCases(cases, pace, say), wakeUp: await measureWakeUp(stack, pace.wakeUps) };
};

const measureReplying = async (fsync: Fsync, pace: Pace, say: Say) => {
  await using stack = await startStack({ fsync });
  const { health, accept, "request-reply": requestReply } = createTargets(stack);
  const cases = casesOf({ health, "request-reply": requestReply });
  await warmUp(cases, pace.firstWarmUpMs);
  const measured = await measureCases(cases, pace, say);
  // Last, because of the backlog.
  return [...measured, ...(await measureCases(casesOf({ "accept+consumer": accept }), pace, say))];
};

const casesOf = (works: Readonly<Record<string, Case["work"]>>): Case[] =>
  CONNECTIONS.flatMap((connections) =>
    Object.entries(works).map(([name, work]) => ({ name, work, connections, ...(name !== "health" && { beside: { health: "health" } }) })),
  );
