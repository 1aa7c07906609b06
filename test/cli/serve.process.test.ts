import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { PROJECT, type RunningProcess, SOURCES, startProcess } from "../helpers/processes.ts";
import { until } from "../helpers/stack.ts";
import { createProject } from "./fixtures/project.ts";
import { type Called, callCommand } from "./run-command.ts";

let directory: string;
let variables: Record<string, string>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-serve-"));
  variables = {
    AUTH: "public",
    CORRELATION_SECRET: `1:${"x".repeat(32)}`,
    REPLY_SECRET: `whsec_${btoa("y".repeat(32))}`,
    GATEWAY_CREDENTIALS: "user:password",
    GATEWAY_DATA_DIR: join(directory, "gateway"),
    MAILBOX_DATA_DIR: join(directory, "mailbox"),
    PORT: "0",
    GATEWAY_PORT: "0",
    EXIT_WITH_PARENT: "1",
  };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const serve = async (overrides: Record<string, string> = {}): Promise<RunningProcess & { readonly url: string }> => {
  const running = await startProcess("serve", { ...variables, ...overrides });
  onTestFinished(() => running.stop());
  return { ...running, url: String(running.ready["url"]) };
};

/** A call that fails at its start. */
const refused = (overrides: Record<string, string> = {}, cwd?: string): Promise<Called> =>
  callCommand(["serve"], { variables: { ...variables, ...overrides }, ...(cwd !== undefined && { cwd }) });

test("alone, it serves the whole Worker, its log is there for consumers, and it ends well", async () => {
  const { url, ready, output, stop, exited } = await serve();
  expect(await (await fetch(`${url}/contract`)).json()).toHaveProperty("operations.sum");
  const request = { method: "POST", body: '{"a":1,"b":2}', headers: { "content-type": "application/json" } };
  const accepted = await fetch(`${url}/requests/sum`, request);
  expect(accepted.status).toBe(202);
  const { correlationId } = (await accepted.json()) as { correlationId: string };
  expect(await (await fetch(`${url}/status/${correlationId}`)).json()).toMatchObject({ state: "accepted" });

  const topics = await fetch(`${String(ready["gatewayUrl"])}/topics`, { headers: { authorization: `Basic ${btoa("user:password")}` } });
  expect(await topics.json()).toHaveProperty("requests", 6);

  await stop("SIGTERM");
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(output()).toMatch(/Worker at http[^]*SIGTERM: draining[^]*drained/);
  for (const name of ["CORRELATION_SECRET", "REPLY_SECRET", "GATEWAY_CREDENTIALS"]) expect(output()).not.toContain(variables[name]);
});

test("the dead letters in its own log are listed and dropped", async () => {
  const { url, ready } = await serve();
  const body = JSON.stringify([{ topic: "requests-dlt", value: "poison" }]);
  const authorization = `Basic ${btoa("user:password")}`;
  expect((await fetch(`${String(ready["gatewayUrl"])}/produce`, { method: "POST", headers: { authorization }, body })).status).toBe(200);
  const list = async () => (await (await fetch(`${url}/dead-letters`)).json()) as { count: number; letters: { letter: string }[] };
  const { count, letters } = await list();
  expect([count, letters]).toEqual([1, [expect.objectContaining({ obstacle: expect.stringContaining("It is no request") })]]);
  const dropped = await fetch(`${url}/dead-letters/drop`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ letters: letters.map(({ letter }) => letter) }),
  });
  expect(await dropped.json()).toMatchObject({ results: [{ action: "dropped" }] });
  expect((await list()).count).toBe(0);
});

test("whoever waits when it is told to end gets an answer, and finds the status there after the next start", async () => {
  const { url, output, stop } = await serve({ METRICS_PORT: "0" });
  const metricsUrl = /"metricsUrl":"([^"]+)"/.exec(output())?.[1] ?? "";
  const headers = { "content-type": "application/json", prefer: "wait=20" };
  const answering = fetch(`${url}/requests/sum`, { method: "POST", body: '{"a":1,"b":2}', headers });
  await until(async () => (await (await fetch(metricsUrl)).text()).includes("rejoinder_worker_waits 1\n"));
  await stop("SIGTERM");
  const answer = await answering;
  expect(answer.status).toBe(202);
  const next = await serve();
  expect(await (await fetch(next.url + String(answer.headers.get("location")))).json()).toMatchObject({ state: "accepted" });
});

test("what is missing is named at once, without a stack", async () => {
  const { code, stderr } = await callCommand(["serve"]);
  expect(code).toBe(1);
  for (const name of ["AUTH", "CORRELATION_SECRET", "REPLY_SECRET", "GATEWAY_CREDENTIALS"])
    expect(stderr).toContain(`${name} is not set: `);
  expect(stderr).not.toContain(" at ");
});

test("a second one on the same folder is refused, and says what to do", async () => {
  const { url } = await serve();
  const { code, stderr } = await refused({ GATEWAY_DATA_DIR: join(directory, "other") });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Another process is using \S+\/mailbox: stop it, or set MAILBOX_DATA_DIR /)]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test.each([
  ["PORT", "Port NUMBER of 127.0.0.1 is taken. Set PORT to a free one.\n"],
  ["METRICS_PORT", "Port NUMBER of 127.0.0.1 is taken. Set METRICS_PORT to a free one.\n"],
  ["GATEWAY_PORT", "Port NUMBER of 127.0.0.1 is taken: set GATEWAY_PORT to another.\n"],
])("a taken port is named, with the %s to set", async (variable, sentence) => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const { code, stderr } = await refused({ [variable]: String(port) });
  expect([code, stderr]).toEqual([1, sentence.replace("NUMBER", String(port))]);
});

test("brokers that are not there are named", async () => {
  const { code, stderr } = await refused({ KAFKA_BROKERS: "127.0.0.1:1" });
  expect(code).toBe(1);
  expect(stderr).toBe("Kafka is not available: no connection to 127.0.0.1:1 (ECONNREFUSED); check KAFKA_BROKERS.\n");
});

test("a folder that is a file is named", async () => {
  writeFileSync(join(directory, "mailbox"), "");
  const { code, stderr } = await refused();
  expect([code, stderr.split("\n").length]).toEqual([1, 2]);
  expect(stderr).toContain(join(directory, "mailbox"));
});

test.runIf(process.platform === "linux")("a disk that takes nothing more is named by its file", async () => {
  // Files of at most a page: the system then refuses to write, as on a full disk. The log is elsewhere.
  const arguments_ = ["--fsize=4096", process.execPath, ...SOURCES, join(ROOT, "cli/run.js"), "serve"];
  const environment = { PATH: process.env["PATH"], ...variables, KAFKA_REST_KIND: "strimzi", KAFKA_REST_URL: "http://127.0.0.1:1" };
  const { code, stderr } = await new Promise<Called>((resolve) => {
    execFile("prlimit", arguments_, { cwd: PROJECT, env: environment }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Could not open \S+\/mailbox\.sqlite: disk I\/O error\.\n$/)]);
});

test.each([
  [
    "exports something else",
    "export default { fetch: () => new Response() };",
    /Expected \S+\/app\/worker\.ts to end in: export default worker/,
  ],
  ["needs Cloudflare", 'import "cloudflare:workers";', /app\/worker\.ts imports a module that only Cloudflare has\./],
])("a Worker that %s is refused, with what to do", async (_, text, sentence) => {
  const project = createProject();
  onTestFinished(() => project.remove());
  project.write("app/worker.ts", text);
  const { code, stderr } = await refused({}, project.root);
  expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  expect(stderr).not.toContain(" at ");
});
