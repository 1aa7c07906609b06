import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { readNodeHostConfig } from "../../../../worker/hosts/node/config.ts";
import { type NodeHost, type NodeHostOptions, openNodeHost } from "../../../../worker/hosts/node/host.ts";
import type { Producer } from "../../../../worker/producer.ts";
import { contract } from "../../../project/app/contract.ts";
import { SILENT_LOG } from "../../../gateway/open-engine.ts";

/** The variables of the Worker under test. */
export const variables: Readonly<Record<string, string>> = inject("workerBindings" as never);

/** A folder that is removed after the test. */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-mailbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Stores every record. */
export const storingProducer: Producer = {
  name: "storing",
  limits: { maxBatchRecords: 1_000, maxBatchBytes: 1_000_000 },
  produce: async (records) => records.map(() => ({ outcome: "stored", metadata: undefined })),
  check: async () => [],
};

/** The configuration of the Worker under test, with other variables. */
export const configOf = (overrides: Record<string, string> = {}) => readNodeHostConfig({ ...variables, ...overrides });

/** A host of one test, which closes it. */
export const openHost = async (
  options: Partial<NodeHostOptions> & { readonly variables?: Record<string, string> } = {},
): Promise<NodeHost> => {
  const host = await openNodeHost({
    contract,
    config: configOf(options.variables),
    producer: storingProducer,
    directory: newFolder(),
    host: "127.0.0.1",
    port: 0,
    log: SILENT_LOG,
    ...options,
  });
  onTestFinished(() => host.close());
  return host;
};

/** Sends a sum, and waits if told so. */
export const postSum = (url: string, { prefer, signal }: { prefer?: string; signal?: AbortSignal } = {}): Promise<Response> =>
  fetch(`${url}/requests/sum`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(prefer === undefined ? {} : { prefer }) },
    body: '{"a":2,"b":3}',
    signal: signal ?? null,
  });

/** A metric without labels. */
export const metricOf = async ({ metricsUrl }: NodeHost, name: string): Promise<number> => {
  const text = await (await fetch(String(metricsUrl))).text();
  return Number(new RegExp(`^rejoinder_worker_${name} (\\S+)$`, "m").exec(text)?.[1]);
};
