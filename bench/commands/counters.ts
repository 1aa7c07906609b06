import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { programOf } from "../../cli/start/forked-part.ts";
import { freePort } from "../../tools/free-port.ts";
import { type Answer, ask, type Target, type Work } from "../load.ts";
import { type StackLog, startProgram } from "../processes.ts";
import { post } from "../requests.ts";
import { COUNTERS } from "./peer-program.ts";

const PROJECT = join(import.meta.dirname, "project");

/** `rejoinder start --node` of the counters. */
export type Counters = AsyncDisposable & {
  readonly url: string;
  /** Commands to all counters in turn, each until its reply: one event, or so many in one commit. */
  increments(): Work;
  repeats(times: number): Work;
  /** Ends it, and starts it again with the same data and that version of the view. */
  restart(viewVersion: number): Promise<void>;
};

const WAIT = { headers: { prefer: "wait=20" } };

export const startCounters = async (log: StackLog): Promise<Counters> => {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-counters-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const start = (viewVersion: number) =>
    startProgram({
      name: "counters",
      ...programOf("start"),
      args: ["start", "--node"],
      project: PROJECT,
      variables: {
        REJOINDER_DIR: folder,
        PORT: String(port),
        GATEWAY_PORT: String(gatewayPort),
        LOG_LEVEL: "warn",
        EXIT_WITH_PARENT: "1",
        BENCH_VIEW_VERSION: String(viewVersion),
        ...("fsync" in log ? { GATEWAY_FSYNC: log.fsync } : { KAFKA_BROKERS: log.kafkaBrokers.join(",") }),
      },
    });
  let running = await start(1);
  cleanUp.defer(() => running[Symbol.asyncDispose]());
  const { url } = running;
  // The first version is served once all partitions have been read.
  while ((await askForRow(url, "c-0")).status === 503) await wait(20);
  let count = 0;
  const inTurn = (targetOf: (counter: string) => Target): Work => ({ origin: url, next: () => [targetOf(`c-${count++ % COUNTERS}`)] });
  const started = cleanUp.move();
  return {
    url,
    increments: () => inTurn((counter) => post(url, "/requests/counter.increment", { counter, by: 1 }, WAIT)),
    repeats: (times) => inTurn((counter) => post(url, "/requests/counter.repeat", { counter, by: 1, times }, WAIT)),
    async restart(viewVersion) {
      await running[Symbol.asyncDispose]();
      running = await start(viewVersion);
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
};

const askForRow = (url: string, counter: string): Promise<Answer> =>
  ask({ origin: url, method: "GET", path: `/views/counts/${counter}`, status: [200, 404, 503] });

/** A row of the view, or undefined before there is one. */
export const readRow = async (url: string, counter: string): Promise<{ readonly count: number; readonly version: number } | undefined> => {
  const { status, body } = await askForRow(url, counter);
  return status === 200 ? (JSON.parse(body) as { count: number; version: number }) : undefined;
};
