import { ClientError } from "../../client/client-error.ts";
import { createClient } from "../../client/client.ts";
import { type Contract, handledTopicsOf, respondedOperationsOf, retriedTopicsOf } from "../../contract/contract.ts";
import { readConsumerConfig } from "../../consumer/config.ts";
import { reasonOf } from "../../consumer/sources/retry.ts";
import { deadLetterTopicOf, retryTopicOf } from "../../protocol/topics.ts";
import { VERSION } from "../../protocol/version.ts";
import { callerHeaders } from "../caller.ts";
import type { ProcessEnvironment } from "../start/part-environments.ts";
import { checkEvents } from "./event-topics-check.ts";
import { checkProducing } from "./producing-check.ts";
import { ExpectedError } from "../expected-error.ts";
import { type Finding, note, ok, wrong } from "./finding.ts";
import { problemsOf } from "./project-check.ts";

/** A running Worker, and the variables of the other processes. */
export type Deployment = {
  readonly url: string;
  readonly contract: Contract;
  /** Those of the consumer. */
  readonly environment: ProcessEnvironment;
  /** Those of the Worker that say how it produces. */
  readonly producing: ProcessEnvironment;
};

/** Nobody at a terminal waits longer. */
const PATIENCE_MS = 15_000;
/** Date headers have whole seconds, and signatures are refused at 300. */
const MOST_CLOCK_DIFFERENCE_SECONDS = 5;

/** Checks what runs, by asking it. Stores nothing but the probe. */
export async function* checkDeployment({ url, contract, environment, producing }: Deployment): AsyncGenerator<Finding> {
  const isThere = yield* checkWorker(url);
  const areRight = yield* checkConsumerVariables(environment, contract);
  if (areRight) yield* checkEvents(environment, contract);
  yield* checkKafka(producing, environment, contract);
  if (isThere) yield await checkProbe(url, contract, environment);
}

/** Whether the Worker can be used, which version it has, and whether its clock agrees with this one. */
async function* checkWorker(url: string): AsyncGenerator<Finding, boolean> {
  const before = Date.now();
  let response: Response;
  let body: { version?: unknown; problems?: unknown };
  try {
    response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    body = (await response.json().catch(() => ({}))) as typeof body;
  } catch (error) {
    yield wrong(`No Worker answers at ${url} (${reasonOf(error)}).`, "Start one with rejoinder start, or name yours with --url.");
    return false;
  }
  if (!response.ok) {
    const problems = Array.isArray(body.problems) ? body.problems.map((problem) => `\n- ${String(problem)}`).join("") : "";
    yield wrong(
      `${url}/health answers ${response.status}.${problems}`,
      problems === "" ? "Check that this is the URL of a rejoinder Worker." : "Set the variables that it names.",
    );
    return false;
  }
  yield ok(`The Worker answers at ${url}.`);
  yield checkClock(response.headers.get("date"), (before + Date.now()) / 2);
  yield checkVersion(body.version, VERSION);
  return true;
}

const checkClock = (date: string | null, nowMs: number): Finding => {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return note("The Worker sends no Date header, so its clock was not compared.");
  // Its date is cut to the second.
  const seconds = Math.round((theirs + 500 - nowMs) / 1_000);
  if (Math.abs(seconds) <= MOST_CLOCK_DIFFERENCE_SECONDS) return ok("The Worker's clock and this one agree.");
  return wrong(
    `The Worker's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} this one. Both judge deadlines and signatures.`,
    "Synchronise this machine's clock (NTP).",
  );
};

const checkVersion = (theirs: unknown, ours: string): Finding => {
  if (typeof theirs !== "string") return note(`The Worker does not report its version; this project has ${ours}.`);
  if (theirs === ours) return ok(`Both sides have version ${ours}.`);
  return note(`The Worker has version ${theirs}, this project ${ours}.`, "Deploy the Worker again: rejoinder deploy.");
};

/** The consumer's own variables, where any are set here. @returns whether they are, and are right */
function* checkConsumerVariables(environment: ProcessEnvironment, contract: Contract): Generator<Finding, boolean> {
  if (!environment["WORKER_URL"] && !environment["REPLY_SECRET"]) {
    yield note("No variable of the consumer is set here, so none was checked.", "Run rejoinder doctor where the consumer runs.");
    return false;
  }
  const problems = problemsOf(() => readConsumerConfig(environment, contract));
  if (problems.length === 0) yield ok("The consumer's variables are right.");
  for (const problem of problems) yield wrong(`The consumer's variables: ${problem}`, "Set it where the consumer runs.");
  return problems.length === 0;
}

/** Whether requests can be produced, and what the gateway says about topics and consumers. */
async function* checkKafka(producing: ProcessEnvironment, environment: ProcessEnvironment, contract: Contract): AsyncGenerator<Finding> {
  if (!producing["KAFKA_BROKERS"] && !producing["UPSTASH_KAFKA_REST_URL"] && !producing["KAFKA_REST_URL"]) {
    yield note(
      "No variable here says how the Worker produces, so that was not checked.",
      "Set the Worker's UPSTASH_KAFKA_REST_*, KAFKA_REST_* or KAFKA_* variables.",
    );
    return;
  }
  try {
    yield ok(await checkProducing(producing, contract));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    yield wrong(error.message);
    if (!(error instanceof ExpectedError)) return;
  }
  const { UPSTASH_KAFKA_REST_URL: url, UPSTASH_KAFKA_REST_USERNAME: user, UPSTASH_KAFKA_REST_PASSWORD: password } = producing;
  if (producing["KAFKA_BROKERS"] || (producing["KAFKA_REST_KIND"] || "upstash") !== "upstash" || !url) {
    yield note("Only the gateway reports partitions and consumers. Ask your cluster.");
    return;
  }
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url.replace(/\/+$/, "")}${path}`, {
      headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return response.ok ? response.json() : undefined;
  };
  yield* checkTopics((await ask("/topics").catch(() => undefined)) as Readonly<Record<string, number>> | undefined, contract);
  yield checkConsumers((await ask("/consumers").catch(() => undefined)) as readonly Group[] | undefined, environment);
}

function* checkTopics(topics: Readonly<Record<string, number>> | undefined, contract: Contract): Generator<Finding> {
  if (topics === undefined) return;
  const requests = [...handledTopicsOf(contract), ...[...respondedOperationsOf(contract)].flatMap(([reply, { topic }]) => [topic, reply])];
  const deadLetters = handledTopicsOf(contract).map(deadLetterTopicOf);
  const retries = retriedTopicsOf(contract).map(retryTopicOf);
  const needed = [...new Set([...requests, ...deadLetters, ...retries])];
  const missing = needed.filter((topic) => topics[topic] === undefined);
  if (missing.length > 0)
    yield wrong(
      `The gateway does not show this user the topics ${missing.join(", ")}.`,
      "Run rejoinder gateway in this project, which creates them, or name them in GATEWAY_TOPICS. Check that GATEWAY_CREDENTIALS allows them to the user.",
    );
  const there = needed.filter((topic) => topics[topic] !== undefined);
  if (there.length > 0) yield ok(`Partitions: ${there.map((topic) => `${topic} ${topics[topic]}`).join(", ")}.`);
  const single = requests.filter((topic) => topics[topic] === 1);
  if (single.length > 0)
    yield note(`Only one consumer at a time can work on ${single.join(", ")}.`, "Give it more partitions: GATEWAY_TOPICS=NAME:6.");
}

/** As `GET /consumers` of the gateway has it. */
type Group = { readonly name: string; readonly instances: readonly { readonly name: string }[] };

const checkConsumers = (groups: readonly Group[] | undefined, environment: ProcessEnvironment): Finding => {
  const group = environment["CONSUMER_GROUP"] || "rejoinder";
  if (groups === undefined) return note("The gateway does not let this user see consumers.", "Use a user of scope consume or full.");
  const names = groups.find(({ name }) => name === group)?.instances.map(({ name }) => name) ?? [];
  if (names.length > 0) return ok(`Consumers of group ${group}: ${names.join(", ")}.`);
  if (environment["SOURCE"] === "kafka") return note("The gateway does not know consumers that read from Kafka itself.");
  return wrong(
    `There is no consumer of group ${group}.`,
    "Start one: rejoinder consumer. If it has another group, set CONSUMER_GROUP here too.",
  );
};

/** One call end to end, of the first operation that names a request for it. */
const checkProbe = async (url: string, contract: Contract, environment: ProcessEnvironment): Promise<Finding> => {
  const [name, operation] = Object.entries(contract).find(([, { probe }]) => probe !== undefined) ?? [];
  if (name === undefined)
    return note(
      "No operation of the contract names a probe, so no call was tried.",
      "Add probe: { … } to an operation that changes nothing.",
    );
  const started = performance.now();
  try {
    await createClient({ url }).request(name, operation?.probe, { timeoutMs: PATIENCE_MS, headers: callerHeaders(environment) });
    return ok(`${name} was answered in ${Math.round(performance.now() - started)} ms, end to end.`);
  } catch (error) {
    if (error instanceof ClientError && error.code === "UNAUTHENTICATED")
      return note(
        `The Worker asks who calls, so ${name} was not tried: ${error.message}`,
        "Set REJOINDER_TOKEN to a key that may call it: rejoinder keys create.",
      );
    return wrong(
      `${name} was not answered: ${(error as Error).message}`,
      "Look at the consumer's log; its REPLY_SECRET must be the Worker's.",
    );
  }
};
