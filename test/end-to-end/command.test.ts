import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callCommand, type Called } from "../cli/run-command.ts";
import { freePort } from "../helpers/processes.ts";
import { createProject } from "../helpers/project.ts";
import { type Stack, startStack } from "../helpers/stack.ts";

/** A report takes until the first echo. */
const CONSUMER = `
  import { defineConsumer } from "@rejoinder/sdk/consumer";
  import { contract } from "./contract.ts";
  const echoed = Promise.withResolvers<void>();
  export default defineConsumer({
    contract,
    handlers: {
      sum({ a, b }, { errors }) {
        if (!Number.isFinite(a + b)) throw errors.SUM_OUT_OF_RANGE();
        return { sum: a + b };
      },
      echo(request) {
        echoed.resolve();
        return request;
      },
      async report({ account, lines }) {
        await echoed.promise;
        return { account, total: lines.length, months: [] };
      },
      countdown: ({ from }) => ({ counted: from }),
      flaky: (_, { attempt }) => ({ attempt }),
    },
  });`;
const REPORT = '{"account":"acme","lines":[{"date":"2026-01-15","product":"bolt","quantity":1,"unitPrice":1}]}';

const project = createProject({ "app/consumer.ts": CONSUMER });
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({}, { project: project.directory });
});
afterAll(async () => {
  await stack?.remove();
  project.remove();
});

/** Finds the running start by its folder, as in the project of whoever has started it. */
const call = (...args: readonly string[]): Promise<Called> => callCommand(args, { variables: { REJOINDER_DIR: stack.dir } });

describe("send", () => {
  test("prints the reply alone on stdout, and ends with 0", async () => {
    const { code, stdout, stderr } = await call("send", "sum", '{"a":2,"b":3}');
    expect([code, JSON.parse(stdout)]).toEqual([0, { sum: 5 }]);
    expect(stderr).toMatch(/^correlation ID [\w-]+\n$/);
  });

  test("with --json tells all of it on one line", async () => {
    const { code, stdout } = await call("send", "sum", '{"a":2,"b":3}', "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, { correlationId: expect.any(String), state: "succeeded", reply: { sum: 5 } }]);
  });

  test.each([
    ["a request that is no JSON", ["sum", "{a:2}"], /^The request is not JSON: .* Put it in single quotes/],
    ["a request that does not fit", ["sum", '{"a":2}'], /^INVALID_REQUEST: .*\n {2}\/b: /],
    ["an operation that there is not", ["smu", "{}"], /^UNKNOWN_OPERATION: Expected one of sum, echo, report, countdown, flaky\./],
    ["a URL that is none", ["sum", "{}", "--url", "localhost"], /^Expected a URL such as https:/],
  ])("ends with 2 for %s, and says what to do", async (_, args, problem) => {
    const { code, stdout, stderr } = await call("send", ...args);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(problem)]);
  });

  test("ends with 1 if the handler fails, with its code", async () => {
    const { code, stderr } = await call("send", "sum", '{"a":1e308,"b":1e308}');
    expect([code, stderr]).toEqual([1, expect.stringContaining("SUM_OUT_OF_RANGE")]);
  });

  test("ends with 4 where nobody answers", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await call("send", "sum", "{}", "--url", url);
    expect([code, stderr]).toEqual([4, expect.stringContaining(`No Worker answers at ${url} (ECONNREFUSED).`)]);
  });
});

test("send ends with 3 when its wait is over, and status then waits for the end", async () => {
  const sent = await call("send", "report", REPORT, "--wait", "0", "--json");
  expect(sent.code).toBe(3);
  const { correlationId, state } = JSON.parse(sent.stdout) as { correlationId: string; state: string };
  expect(["accepted", "processing"]).toContain(state);

  const now = await call("status", correlationId);
  expect([now.code, now.stderr]).toEqual([3, expect.stringContaining(`rejoinder status ${correlationId} --wait 30`)]);
  expect((await call("send", "echo", "{}")).code).toBe(0);
  const ended = await call("status", correlationId, "--wait", "30");
  expect([ended.code, JSON.parse(ended.stdout)]).toEqual([0, { account: "acme", total: 1, months: [] }]);
});

test("status ends with 2 for an ID that nobody gave", async () => {
  expect(await call("status", "nonsense")).toMatchObject({ code: 2, stderr: expect.stringContaining("UNKNOWN_CORRELATION_ID") });
});

describe("doctor", () => {
  test("finds nothing wrong with what runs, and tries a call", async () => {
    const { code, stdout } = await call("doctor");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {5}sum was answered in \d+ ms, end to end\.$/m)]);
    for (const text of [
      "The Worker answers at",
      "Requests can be produced through upstash",
      "Partitions: requests 6",
      "Consumers of group rejoinder",
    ])
      expect(stdout).toContain(text);
    for (const secret of Object.values(stack.secrets)) expect(stdout).not.toContain(secret);
  });

  test("names what is wrong, with what to do, and ends with 1", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const variables = {
      WORKER_URL: url,
      REPLY_SECRET: "short",
      UPSTASH_KAFKA_REST_URL: stack.gatewayUrl,
      UPSTASH_KAFKA_REST_USERNAME: "rejoinder",
      UPSTASH_KAFKA_REST_PASSWORD: "wrong",
    };
    const { code, stdout } = await callCommand(["doctor"], { variables });
    expect(code).toBe(1);
    expect(stdout).toContain(`wrong  No Worker answers at ${url} (ECONNREFUSED).\n       Fix: `);
    expect(stdout).toContain("wrong  The consumer's variables: REPLY_SECRET: ");
    expect(stdout).toMatch(/^wrong {2}Requests cannot be produced through upstash .*\n.*Check the user and the password/m);
  });
});
