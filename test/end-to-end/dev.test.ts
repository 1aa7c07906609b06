import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../cli/processes/process-identity.ts";
import { ROOT } from "../../tools/root.ts";
import { freePort, PROJECT, type RunningProcess, startProcess } from "../helpers/processes.ts";
import { createProject } from "../helpers/project.ts";
import { createCaller } from "./caller.ts";
import { processTree } from "./listening.ts";

let directory: string;
let dev: RunningProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-dev-"));
});
afterEach(async () => {
  await dev?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("npm run dev answers requests over wrangler, tells nobody the secrets, and leaves no process", async () => {
  const port = await freePort();
  dev = await startProcess(
    "dev",
    { REJOINDER_DIR: directory, PORT: String(port), GATEWAY_PORT: String(await freePort()) },
    { project: ROOT },
  );
  const response = await createCaller(`http://127.0.0.1:${port}`).post("sum", { a: 2, b: 3 }, { prefer: "wait=20" });
  expect(await response.json()).toEqual({ sum: 5 });
  expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get("content-type")).toMatch(/^text\/html/);
  expect(statSync(join(directory, "dev/variables.env")).mode & 0o777).toBe(0o600);

  const tree = process.platform === "linux" ? processTree(dev.pid) : [dev.pid];
  await dev.stop("SIGINT");
  expect(await dev.exited).toEqual({ code: 0, signal: null });
  expect(tree.map(identifyProcess).filter((identity) => identity !== undefined)).toEqual([]);
});

test("npm run dev -- --node takes up an operation that is added meanwhile, and leaves no process", async () => {
  const project = createProject({});
  onTestFinished(() => project.remove());
  const port = await freePort();
  dev = await startProcess(
    "dev",
    { REJOINDER_DIR: directory, PORT: String(port), GATEWAY_PORT: String(await freePort()) },
    { project: project.directory, args: ["--node"] },
  );
  const { post } = createCaller(`http://127.0.0.1:${port}`);
  const answerOf = async (operation: string, body: unknown): Promise<unknown> =>
    (await post(operation, body, { prefer: "wait=20" })).json();
  expect(await answerOf("sum", { a: 2, b: 3 })).toEqual({ sum: 5 });

  const add = (path: string, before: string, text: string): void =>
    project.write(
      path,
      readFileSync(join(PROJECT, path), "utf8").replace(before, () => `${text}${before}`),
    );
  add("app/contract.ts", "  sum: operation", "  shout: operation({ request: z.string(), reply: z.string() }),\n");
  add("app/consumer.ts", "    sum(", "    shout: (text) => text.toUpperCase(),\n");
  await expect.poll(() => answerOf("shout", "hello").catch(String), { timeout: 60_000 }).toBe("HELLO");

  const tree = process.platform === "linux" ? processTree(dev.pid) : [dev.pid];
  await dev.stop("SIGINT");
  expect(await dev.exited).toEqual({ code: 0, signal: null });
  expect(tree.map(identifyProcess).filter((identity) => identity !== undefined)).toEqual([]);
});
