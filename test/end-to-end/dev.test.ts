import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { identifyProcess } from "../../cli/processes/process-identity.ts";
import { ROOT } from "../../tools/root.ts";
import { freePort, type RunningProcess, startProcess } from "../helpers/processes.ts";
import { createCaller } from "./caller.ts";
import { processTree } from "./listening.ts";

const directory = mkdtempSync(join(tmpdir(), "rejoinder-dev-"));
let dev: RunningProcess | undefined;
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
