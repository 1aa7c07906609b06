import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../cli/processes/process-identity.ts";
import { ROOT } from "../../tools/root.ts";
import { freePort, startProcess } from "../helpers/processes.ts";
import { type Stack, PROCESSES, HOSTS, startArguments, startStack } from "../helpers/stack.ts";
import { createCaller } from "./caller.ts";
import { listeners, processTree } from "./listening.ts";

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.remove();
  stack = undefined;
});

describe.each(HOSTS)("with the Worker in %s", (host) => {
  const start = async (environment?: Record<string, string>): Promise<Stack> => (stack = await startStack(environment, { host }));

  describe.runIf(process.platform === "linux")("the processes", () => {
    test("nobody outside of this machine can reach any of them", async () => {
      const { pid } = await start();
      const addresses = listeners(processTree(pid("start") ?? 0));
      expect(addresses.length).toBeGreaterThanOrEqual(2);
      expect(addresses.filter((address) => !address.startsWith("0100007F:"))).toEqual([]);
    });

    test.each(["SIGINT", "SIGTERM"] as const)("%s leaves none of them", async (signal) => {
      const { pid, url, output, stop } = await start();
      await createCaller(url).post("sum", { a: 1, b: 2 }, { prefer: "wait=10" });
      const tree = processTree(pid("start") ?? 0);
      expect(tree.length).toBeGreaterThanOrEqual(PROCESSES[host].length);
      expect(await stop(signal)).toEqual({ code: 0, signal: null });
      expect(tree.map(identifyProcess).filter((identity) => identity !== undefined)).toEqual([]);
      expect(output()).toContain("consumer | INFO: drained");
      expect(output()).toContain(host === "node" ? "worker   | INFO: drained" : "gateway  | INFO: stopped");
    });

    test("none of them outlives the npm that was told to end", async () => {
      const dir = mkdtempSync(join(tmpdir(), "rejoinder-npm-"));
      const ports = { PORT: String(await freePort()), GATEWAY_PORT: String(await freePort()) };
      const npm = spawn("npm", ["start", "--", ...startArguments(host)], {
        cwd: ROOT,
        env: { ...process.env, ...ports, REJOINDER_DIR: dir },
      });
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      await new Promise<void>((resolve) => {
        createInterface(npm.stdout).on("line", (line) => line.startsWith("ready ") && resolve());
      });
      const tree = processTree(npm.pid ?? 0);
      const survivors = () => tree.filter((one) => identifyProcess(one) !== undefined);
      onTestFinished(() => survivors().forEach((one) => process.kill(one, "SIGKILL")));
      expect(tree.length).toBeGreaterThan(PROCESSES[host].length);
      npm.kill("SIGTERM");
      await expect.poll(survivors, { timeout: 8_000 }).toEqual([]);
    });
  });

  test("one line says where it is ready, and no line tells a secret", async () => {
    const { output, secrets, url } = await start();
    await createCaller(url).post("sum", { a: 1, b: 2 }, { prefer: "wait=10" });
    const ready = output()
      .split("\n")
      .filter((line) => line.startsWith("ready "));
    expect(ready).toEqual([`ready ${url.replace("127.0.0.1", "localhost")}`]);
    expect(output().split("the Worker runs on Node")).toHaveLength(host === "node" ? 2 : 1);
    for (const secret of Object.values(secrets)) expect(output()).not.toContain(secret);
  });

  test("a second start in the same directory is refused", async () => {
    const { dir, pid } = await start();
    const port = await freePort();
    await expect(startProcess("start", { REJOINDER_DIR: dir, PORT: String(port) }, { args: startArguments(host) })).rejects.toThrow(
      `${dir} is in use by process ${pid("start")}.`,
    );
  });

  test.each([
    ["PORT", "Worker"],
    ["GATEWAY_PORT", "gateway"],
  ])("a taken port is named, with the %s to set", async (variable, part) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await expect(startStack({ [variable]: String(port) }, { host })).rejects.toThrow(
      `Port ${port} of 127.0.0.1, where the ${part} should listen, is taken. Set ${variable} to a free one.`,
    );
    server.close();
  });
});
