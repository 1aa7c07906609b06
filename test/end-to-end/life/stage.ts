import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { createProject } from "../../helpers/project.ts";
import { type Stack, startStack, until } from "../../helpers/stack.ts";
import type { Host } from "../../../cli/start/part-environments.ts";
import { type Caller, createCaller } from "../caller.ts";
import { createJournal, type Journal } from "./journal.ts";

const fixture = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));

export type Stage = {
  readonly stack: Stack;
  readonly caller: Caller;
  readonly journal: Journal;
  /** Asks for the request to be cancelled, until somebody answers. Resolves to the status of the response. */
  cancel(id: string): Promise<number>;
  /** Follows a status from change to change, until it is like that. */
  reach(id: string, isReached: (status: StatusBody) => boolean): Promise<StatusBody>;
};

export type StageOptions = {
  readonly host: Host;
  readonly topic?: string;
  readonly environment?: Record<string, string>;
};

/** Everything, with handlers that note what they do, for one test. */
export const startStage = async ({ host, topic = "requests", environment = {} }: StageOptions): Promise<Stage> => {
  const project = createProject({
    "app/contract.ts": `import { lifeContract } from ${fixture("contract.ts")};\nexport const contract = lifeContract(${JSON.stringify(topic)});\n`,
    "app/consumer.ts": `import { lifeConsumer } from ${fixture("consumer.ts")};\nimport { contract } from "./contract.ts";\nexport default lifeConsumer(contract);\n`,
    "tsconfig.json": "{}",
  });
  onTestFinished(() => project.remove());
  const path = join(project.directory, "journal");
  const variables = { JOURNAL: path, CONSUMER_DATA_DIR: join(project.directory, "data"), CONSUMER_CONCURRENCY: "256", ...environment };
  const stack = await startStack(variables, { project: project.directory, host });
  onTestFinished(() => stack.remove());
  return {
    stack,
    caller: createCaller(stack.url),
    journal: createJournal(path),
    async cancel(id) {
      let answered: number | undefined;
      await until(async () => {
        const response = await fetch(`${stack.url}/status/${id}`, { method: "DELETE" }).catch(() => undefined);
        await response?.arrayBuffer().catch(() => undefined);
        if (response !== undefined && response.status < 500) answered = response.status;
        return answered !== undefined;
      });
      return answered as number;
    },
    async reach(id, isReached) {
      let status: StatusBody | undefined;
      await until(async () => {
        const headers = { prefer: "wait=10", "if-none-match": `"${status?.version ?? 0}"` };
        const response = await fetch(`${stack.url}/status/${id}`, { headers }).catch(() => undefined);
        const body = response?.ok === true ? await (response.json() as Promise<StatusBody>).catch(() => undefined) : undefined;
        if (body !== undefined && body.version < (status?.version ?? 0))
          throw new Error(`The version of ${id} went back from ${status?.version} to ${body.version}`);
        status = body ?? status;
        return status !== undefined && isReached(status);
      });
      return status as unknown as StatusBody;
    },
  };
};

/**
 * kill -9 of the Worker, which stays away for a minute: who would start it again stands still for as long. Callers come all the time, and are
 * refused. Resolves once it is back.
 */
export const keepAwayForMinute = async ({ stack, caller }: Pick<Stage, "stack" | "caller">): Promise<void> => {
  const [supervisor, worker] = [stack.pid("start"), stack.pid("worker")];
  if (supervisor === undefined || worker === undefined) throw new Error("Expected the Worker to run");
  const isRefused = async (): Promise<boolean> => (await caller.send("none", {})).outcome === "refused";
  const isBack = (): Promise<boolean> =>
    fetch(`${stack.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  process.kill(supervisor, "SIGSTOP");
  try {
    process.kill(worker, "SIGKILL");
    await until(async () => !(await isBack()));
    const since = performance.now();
    await until(async () => (await isRefused()) && performance.now() - since > 60_000);
    if (await isBack()) throw new Error("Expected the Worker to be away for all of the time");
  } finally {
    process.kill(supervisor, "SIGCONT");
  }
  await until(isBack);
};
