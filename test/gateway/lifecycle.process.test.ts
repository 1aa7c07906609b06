import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type GatewayProcess, startGatewayProcess } from "../helpers/gateway.ts";
import { startProcess } from "../helpers/processes.ts";
import { describeKill } from "./kill-contract.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const start = async (overrides: Record<string, string> = {}): Promise<GatewayProcess> => {
  const gateway = await startGatewayProcess(overrides);
  onTestFinished(() => gateway.remove());
  return gateway;
};

const PATIENTLY = { timeout: 15_000 } as const;

type Place = { readonly partition: number; readonly offset: number };

const call = async <Body>({ url, username, password }: GatewayProcess, path: string, body?: unknown): Promise<Body> => {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Body;
};

const endOf = async (gateway: GatewayProcess, time: "earliest" | "latest", partition: number): Promise<number> =>
  (await call<Place[]>(gateway, `/offsets/${time}`, { topic: "requests", partition }))[0]?.offset ?? -1;

/** The values of a partition at their offsets, from the first that is kept. */
const readPartition = async (gateway: GatewayProcess, partition: number): Promise<string[]> => {
  const values: string[] = [];
  values.length = await endOf(gateway, "earliest", partition);
  for (;;) {
    const place = { topic: "requests", partition, offset: values.length, timeout: 1 };
    const records = await call<{ offset: number; value: string }[]>(gateway, "/fetch", place);
    if (records.length === 0) return values;
    for (const { offset, value } of records) {
      expect(offset).toBe(values.length);
      values.push(value);
    }
  }
};

/** Produces by eight clients until the gateway goes; the map fills with what was acknowledged. */
const produceUntilGone = (gateway: GatewayProcess) => {
  const acknowledged = new Map<string, Place>();
  let sent = 0;
  const produceUntilKilled = async (): Promise<void> => {
    for (;;) {
      const values = [`${(sent += 1)}`, `${(sent += 1)}`];
      const places = await call<Place[]>(
        gateway,
        "/produce/requests",
        values.map((value) => ({ value, key: value })),
      );
      for (const [index, value] of values.entries()) acknowledged.set(value, places[index] as Place);
    }
  };
  const gone = Promise.all(Array.from({ length: 8 }, () => produceUntilKilled().catch(() => "gone")));
  return { acknowledged, gone };
};

test.each([
  ["SIGKILL", "always"],
  ["SIGKILL", "os"],
  ["SIGTERM", "os"],
] as const)(
  "has every acknowledged record exactly at its offset after %s in the middle of it, with GATEWAY_FSYNC=%s",
  async (signal, fsync) => {
    const gateway = await start({ GATEWAY_FSYNC: fsync });
    const { acknowledged, gone } = produceUntilGone(gateway);
    await expect.poll(() => acknowledged.size, PATIENTLY).toBeGreaterThan(500);
    await gateway.restart(signal);
    await gone;
    const stored = await Promise.all([0, 1, 2, 3, 4, 5].map((partition) => readPartition(gateway, partition)));
    for (const [value, { partition, offset }] of acknowledged) expect(stored[partition]?.[offset]).toBe(value);
    const values = stored.flat();
    expect(new Set(values).size).toBe(values.length);
  },
);

test("goes on after kill -9 in the middle of removing old records: what is kept is at its offsets, up to the last acknowledged", async () => {
  const gateway = await start({ GATEWAY_RETENTION_BYTES: "2000" });
  const { acknowledged, gone } = produceUntilGone(gateway);
  await expect.poll(() => endOf(gateway, "earliest", 0), PATIENTLY).toBeGreaterThan(100);
  await gateway.restart("SIGKILL");
  await gone;
  for (const partition of [0, 1, 2, 3, 4, 5]) {
    const [start, stored] = [await endOf(gateway, "earliest", partition), await readPartition(gateway, partition)];
    expect(start).toBeGreaterThan(0);
    expect(stored.length - start).toBeGreaterThan(50);
    for (const [value, place] of acknowledged) {
      if (place.partition !== partition) continue;
      expect(place.offset).toBeLessThan(stored.length);
      if (place.offset >= start) expect(stored[place.offset]).toBe(value);
    }
  }
});

test("keeps committed offsets over kill -9", async () => {
  const gateway = await start();
  await call(gateway, "/produce/requests", { value: "x", partition: 0 });
  await call(gateway, "/consume/g/i", { topic: "requests", timeout: 1 });
  await call(gateway, "/commit/g/i", { topic: "requests", partition: 0, offset: 1 });
  await gateway.restart("SIGKILL");
  expect(await call(gateway, "/committed/g/i", { topic: "requests", partition: 0 })).toMatchObject([{ offset: 1 }]);
});

describeKill(async () => ({ gateway: await start({ GATEWAY_TOPICS: "t:2" }), topic: "t", group: "g" }));

test("answers a waiting consume, exits 0 and starts again with everything when it is told to stop", async () => {
  const gateway = await start();
  await call(gateway, "/produce/requests", { value: "x", partition: 0 });
  const waiting = call(gateway, "/consume/g/i", { topic: "requests", timeout: 60_000 });
  await expect.poll(() => call(gateway, "/consumers"), PATIENTLY).toHaveLength(1);
  const { exited } = gateway.process;
  await gateway.restart("SIGTERM");
  expect(await waiting).toEqual([]);
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(await readPartition(gateway, 0)).toEqual(["x"]);
});

test.each([
  ["stops by itself when its parent goes", "1"],
  ["stays without its parent, until it is told to stop,", ""],
])("%s with EXIT_WITH_PARENT=%j", async (_, exitWithParent) => {
  const environment = { GATEWAY_PORT: "0", GATEWAY_DATA_DIR: await temporaryFolder(), GATEWAY_CREDENTIALS: "a:b" };
  const child = fork(fileURLToPath(new URL("../../cli/run.js", import.meta.url)), ["gateway"], {
    env: { PATH: process.env["PATH"], ...environment, EXIT_WITH_PARENT: exitWithParent },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  child.disconnect();
  if (exitWithParent === "") {
    expect((await fetch(`${url}/health`)).status).toBe(200);
    child.kill("SIGTERM");
  }
  expect(await exited).toEqual([0, null]);
});

const modesIn = async (folder: string): Promise<Record<string, string>> => {
  const paths = [folder, ...(await readdir(folder)).map((name) => join(folder, name))];
  const modes = paths.map(async (path) => [basename(path), ((await stat(path)).mode & 0o777).toString(8)] as const);
  return Object.fromEntries(await Promise.all(modes));
};

const PRIVATE = { data: "700", "log.sqlite": "600", "log.sqlite-wal": "600", "log.sqlite-shm": "600", "lock.sqlite": "600" };

test.runIf(process.platform === "linux")(
  "keeps its log from other users, also where the folder and the files were open to them",
  async () => {
    const folder = join(await temporaryFolder(), "parent", "data");
    const gateway = await start({ GATEWAY_DATA_DIR: folder });
    await call(gateway, "/produce/requests", { value: "x", partition: 0 });
    expect(await modesIn(folder)).toMatchObject(PRIVATE);
    expect((await stat(join(folder, ".."))).mode & 0o777).toBe(0o700);
    await chmod(folder, 0o755);
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644);
    await gateway.restart("SIGKILL");
    expect(await modesIn(folder)).toMatchObject(PRIVATE);
    expect(await readPartition(gateway, 0)).toEqual(["x"]);
  },
);

test("says that another gateway holds the folder, and exits 1", async () => {
  const gateway = await start();
  const second = startProcess("gateway", { GATEWAY_PORT: "0", GATEWAY_DATA_DIR: gateway.dataDir, GATEWAY_CREDENTIALS: "a:b" });
  await expect(second).rejects.toThrow(/ended with 1 .*\n?Another gateway is using/);
});

test("says that the port is taken, and exits 1", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const environment = { GATEWAY_PORT: String(port), GATEWAY_DATA_DIR: await temporaryFolder(), GATEWAY_CREDENTIALS: "a:b" };
  await expect(startProcess("gateway", environment)).rejects.toThrow(
    new RegExp(`ended with 1 [^]*Port ${port} of 127.0.0.1 is taken: set GATEWAY_PORT to another`),
  );
});

test("lists every problem of its configuration, without the secrets, and exits 1", async () => {
  const refused = startProcess("gateway", {
    GATEWAY_PORT: "70000",
    GATEWAY_ENGINE: "cloud",
    GATEWAY_FSYNC: "sometimes",
    GATEWAY_CREDENTIALS: "a:b,hunter2",
    GATEWAY_TOPICS: "requests",
  });
  const output = await refused.then(
    () => "started",
    (error: Error) => error.message,
  );
  expect(output).toMatch(/ended with 1 /);
  for (const name of ["GATEWAY_PORT", "GATEWAY_ENGINE", "GATEWAY_FSYNC", "GATEWAY_CREDENTIALS", "GATEWAY_TOPICS"])
    expect(output).toContain(`  - ${name}: Expected`);
  expect(output).not.toContain("hunter2");
});
