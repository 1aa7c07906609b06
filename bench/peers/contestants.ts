import type { MeasuredKafka } from "../kafka/broker.ts";
import { type Removable, removeAll, startTogether } from "../lifetime.ts";
import { expectAnswer, post } from "../json-request.ts";
import type { Calls, Target } from "../load.ts";
import { createTargets } from "../path/targets.ts";
import { startWholeStack } from "../path/whole-stack.ts";
import { startEdgePeer } from "./edge/peer.ts";
import { startNaivePeer } from "./naive/peer.ts";
import { createPollingCalls } from "./naive/polling.ts";
import { startRawRoundTrip } from "./raw/round-trip.ts";
import { startSpringPeer } from "./spring/peer.ts";

/** Everything that answers a request for a sum, each in its own way; `embedded` is rejoinder without Kafka, `edge` a Worker alone. */
export const CONTESTANTS = ["rejoinder", "spring linger 0", "spring linger 5", "raw", "edge", "embedded", "naive"] as const;

export type Contestant = (typeof CONTESTANTS)[number];

/** Those that can be asked for an echo of {@link ECHO_BYTES} as well. */
export const ECHOING = ["rejoinder", "spring linger 0", "spring linger 5"] as const satisfies readonly Contestant[];

export type Contestants = Removable & {
  readonly sums: Readonly<Record<Contestant, Target | Calls>>;
  readonly echoes: Readonly<Record<(typeof ECHOING)[number], Target>>;
};

/** How long the text is that is sent back as it came. */
export const ECHO_BYTES = 1_024;

const SUM = { a: 2, b: 3 };
const SUM_REPLY = { sum: 5 };
const ECHO = { text: "x".repeat(ECHO_BYTES) };

/** Starts all of them, on one cluster where they need one, and has each answer once. @throws Error if an answer is not the right one. */
export const startContestants = async (kafka: MeasuredKafka): Promise<Contestants> => {
  // One after the other: the first has Maven build what the second runs too.
  const firstSpring = startSpringPeer(kafka, 0);
  const started = await startTogether([
    firstSpring,
    firstSpring.then(() => startSpringPeer(kafka, 5)),
    startRawRoundTrip(kafka),
    startEdgePeer(),
    startNaivePeer(kafka, { withConsumer: true }),
    startWholeStack({ kafkaBrokers: kafka.brokers }),
    startWholeStack({ fsync: "os" }),
  ]);
  const remove = (): Promise<void> => removeAll(started);
  try {
    const [spring0, spring5, raw, edge, naive, stack, embedded] = started;
    const own = createTargets(stack)["request-reply"];
    const echoes = {
      rejoinder: { ...own, path: "/requests/echo", body: JSON.stringify(ECHO) },
      "spring linger 0": post(spring0.url, "/echo", ECHO),
      "spring linger 5": post(spring5.url, "/echo", ECHO),
    };
    const http = {
      rejoinder: own,
      "spring linger 0": post(spring0.url, "/sum", SUM),
      "spring linger 5": post(spring5.url, "/sum", SUM),
      edge: post(edge.url, "/", SUM),
      embedded: createTargets(embedded)["request-reply"],
    };
    for (const target of Object.values(http)) await expectAnswer(target, SUM_REPLY);
    for (const target of Object.values(echoes)) await expectAnswer(target, ECHO);
    const polling = createPollingCalls({ ...post(naive.url, "/requests", SUM), status: 202 }, JSON.stringify(SUM_REPLY));
    return { sums: { ...http, raw: raw.calls, naive: polling }, echoes, remove };
  } catch (error) {
    await remove();
    throw error;
  }
};
