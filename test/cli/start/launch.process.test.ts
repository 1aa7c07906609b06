import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../../cli/processes/process-identity.ts";
import { recordedProcess } from "../../../cli/processes/process-record.ts";
import { freePort } from "../../helpers/processes.ts";
import { until } from "../../helpers/stack.ts";
import { type StandIns, startStandIns } from "../fixtures/stand-ins.ts";

const PARTS = ["gateway", "worker", "consumer"];

let place: { directory: string; port: number; gatewayPort: number };
let started: StandIns[];
beforeEach(async () => {
  place = { directory: mkdtempSync(join(tmpdir(), "rejoinder-launch-")), port: await freePort(), gatewayPort: await freePort() };
  started = [];
});
afterEach(async () => {
  for (const { child, exited } of started) {
    child.kill("SIGKILL");
    await exited;
  }
  await until(() => PARTS.every((part) => recordedProcess(place.directory, part) === undefined));
  rmSync(place.directory, { recursive: true, force: true });
});

const start = (behaviours: readonly string[] = [], environment: Record<string, string> = {}): StandIns => {
  const standIns = startStandIns(place, behaviours, environment);
  started.push(standIns);
  return standIns;
};

const readyLine = () => `ready http://localhost:${place.port}`;

test("every line is behind the name of its part, and one line says where it is ready", async () => {
  const it = start();
  await it.said(readyLine());
  const lines = it.output().trim().split("\n");
  expect(lines.at(-1)).toBe(readyLine());
  for (const part of PARTS) expect(it.output()).toMatch(new RegExp(`^${part.padEnd(8)} \\| ${part} stands in as process \\d+$`, "m"));
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends every part and then the supervisor, with exit code 0", async (signal) => {
  const it = start();
  await it.said(readyLine());
  const pids = PARTS.map(it.pid);
  it.child.kill(signal);
  expect(await it.exited).toEqual([0, null]);
  expect(pids.map(identifyProcess)).toEqual([undefined, undefined, undefined]);
});

test("a part that does not listen to SIGTERM is killed after the others had their time", async () => {
  const it = start(["", "deaf", "deaf"]);
  await it.said(readyLine());
  const pids = PARTS.map(it.pid);
  it.child.kill("SIGINT");
  expect(await it.exited).toEqual([0, null]);
  expect(pids.map(identifyProcess)).toEqual([undefined, undefined, undefined]);
});

test("whoever is in a hurry sends the signal twice", async () => {
  const it = start(["deaf", "deaf", "deaf"]);
  await it.said(readyLine());
  it.child.kill("SIGINT");
  await it.said("consumer was told to end");
  it.child.kill("SIGINT");
  expect(await it.exited).toEqual([0, null]);
  expect(it.output()).not.toContain("worker was told to end");
});

test.each(PARTS)("a %s that dies is started again, and that is said", async (part) => {
  const it = start();
  await it.said(readyLine());
  const pid = it.pid(part);
  process.kill(pid, "SIGKILL");
  await it.said(`start    | the ${part} ended (SIGKILL), starting it again in 250 ms`);
  await it.said(`start    | the ${part} is back`);
  expect(it.pid(part)).not.toBe(pid);
  expect(it.output().split(readyLine())).toHaveLength(2);
});

test("a part that cannot start ends all of it with exit code 1, after its own words", async () => {
  const it = start(["", "broken", ""]);
  expect(await it.exited).toEqual([1, null]);
  expect(it.output()).toContain("worker   | a setting is missing");
  expect(it.output()).toContain("The worker ended (exit code 1) before it was ready");
  expect(it.output()).not.toContain("ready http");
});

test("a second start on the same directory is refused, and names the first", async () => {
  const first = start();
  await first.said(readyLine());
  const second = start();
  expect(await second.exited).toEqual([1, null]);
  expect(second.output()).toContain(`${place.directory} is in use by process ${first.child.pid}.`);
  expect((await fetch(`http://127.0.0.1:${place.port}/health`)).status).toBe(200);
});

test("when the supervisor is killed its parts end, and the next start takes the directory", async () => {
  const first = start();
  await first.said(readyLine());
  const pids = PARTS.map(first.pid);
  first.child.kill("SIGKILL");
  await first.exited;
  const next = start();
  await next.said(readyLine());
  expect(pids.map(identifyProcess)).toEqual([undefined, undefined, undefined]);
});

test("what an earlier start left running is ended first", async () => {
  const first = start(["", "orphan", ""]);
  await first.said(readyLine());
  const orphan = first.pid("worker");
  first.child.kill("SIGKILL");
  await first.exited;
  const next = start();
  await next.said(readyLine());
  expect(next.output()).toContain(`start    | ended process ${orphan}, the worker of an earlier start that was killed`);
  expect(identifyProcess(orphan)).toBeUndefined();
});

const environmentOf = async (port: number) => (await (await fetch(`http://127.0.0.1:${port}/environment`)).json()) as NodeJS.ProcessEnv;

test("each part is told where the others are, and shares their secrets", async () => {
  const it = start([], { CORS_ORIGINS: "https://example.com", AUTH: "keys", UPSTASH_KAFKA_REST_URL: "http://elsewhere" });
  await it.said(readyLine());
  const worker = await environmentOf(place.port);
  const gateway = await environmentOf(place.gatewayPort);
  expect(worker).toMatchObject({
    UPSTASH_KAFKA_REST_URL: `http://127.0.0.1:${place.gatewayPort}`,
    PUBLIC_URL: `http://localhost:${place.port}`,
    AUTH: "keys",
    CORS_ORIGINS: "https://example.com",
  });
  expect(gateway["GATEWAY_CREDENTIALS"]).toBe(`${worker["UPSTASH_KAFKA_REST_USERNAME"]}:${worker["UPSTASH_KAFKA_REST_PASSWORD"]}`);
  expect(gateway["REPLY_SECRET"]).toBeUndefined();
});

test("on Node the Worker is its own gateway", async () => {
  const it = start(["", "", "", "node"], { HOST: "0.0.0.0", KAFKA_REST_KIND: "strimzi" });
  await it.said(readyLine());
  expect(it.output()).toContain("start    | the Worker runs on Node\n");
  expect(() => it.pid("gateway")).toThrow("Expected the gateway to run");
  expect(await environmentOf(place.port)).toMatchObject({
    AUTH: "public",
    HOST: "127.0.0.1",
    PORT: String(place.port),
    MAILBOX_DATA_DIR: join(place.directory, "mailbox"),
    GATEWAY_ENGINE: "embedded",
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_PORT: String(place.gatewayPort),
    GATEWAY_DATA_DIR: join(place.directory, "gateway"),
  });
});

test("on Node and a cluster there is no gateway", async () => {
  const it = start(["", "", "", "node"], { KAFKA_BROKERS: "kafka:9092", GATEWAY_ENGINE: "embedded" });
  await it.said(readyLine());
  expect(it.output()).toContain("start    | on Kafka at kafka:9092\n");
  const worker = await environmentOf(place.port);
  expect(worker).toMatchObject({ GATEWAY_ENGINE: "kafka", KAFKA_BROKERS: "kafka:9092" });
  expect(worker["UPSTASH_KAFKA_REST_URL"]).toBeUndefined();
});

test("ports that nobody names are chosen free, and it says which", async () => {
  const first = start([], { PORT: "", GATEWAY_PORT: "" });
  await first.said("ready http://localhost:");
  const url = /ready http:\/\/localhost:(\d+)/.exec(first.output())?.[1];
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-launch-"));
  const second = start([], { PORT: "", GATEWAY_PORT: "", REJOINDER_DIR: directory });
  await second.said("ready http://localhost:");
  expect(second.output()).toMatch(/start {4}\| port 8787 is taken, so the Worker listens at \d+/);
  expect(/ready http:\/\/localhost:(\d+)/.exec(second.output())?.[1]).not.toBe(url);
  second.child.kill("SIGINT");
  await second.exited;
  rmSync(directory, { recursive: true, force: true });
});
