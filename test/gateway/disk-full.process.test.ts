import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startGatewayProcess } from "../helpers/gateway.ts";

const MIB = 1024 * 1024;

/** How large the files that a process writes may become: the system then refuses to write, as on a full disk. */
const limitFiles = (pid: number, bytes: number | "unlimited") =>
  promisify(execFile)("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);

test.runIf(process.platform === "linux")(
  "answers 503 while the disk is full, writes nothing by halves, and goes on when there is room again",
  async () => {
    const gateway = await startGatewayProcess({ GATEWAY_TOPICS: "t:1" });
    onTestFinished(() => gateway.remove());
    const call = async (path: string, body?: unknown) => {
      const response = await fetch(gateway.url + path, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${gateway.username}:${gateway.password}`)}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as { offset: number; value: string }[] };
    };
    const health = async () => (await fetch(`${gateway.url}/health`)).status;
    const batch = (name: string) => ["a", "b", "c"].map((value) => ({ value: `${name}${value}`.padEnd(MIB / 2, "x") }));

    expect((await call("/produce/t", batch("1"))).status).toBe(200);
    expect(await health()).toBe(200);
    await limitFiles(gateway.process.pid, 2 * MIB);
    const refused = await call("/produce/t", batch("2"));
    expect(refused).toMatchObject({ status: 503, body: { status: 503, error: expect.stringContaining("could not write to its disk") } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await call("/produce/t", { value: "x".repeat(MIB) })).status).toBe(503);
    expect((await call("/fetch", { topic: "t", partition: 0, offset: 0 })).body.map(({ offset }) => offset)).toEqual([0, 1, 2]);

    // A query can carry a password, a path or a body what nobody else is to read: none of it is logged.
    const webhook = `/webhook?topic=t&user=${gateway.username}&pass=${gateway.password}`;
    const body = "sensitive ".repeat(MIB / 10);
    expect((await fetch(gateway.url + webhook, { method: "POST", body })).status).toBe(503);
    expect((await call("/produce/t?pass=x", { value: body })).status).toBe(503);
    await expect.poll(() => gateway.process.output()).toMatch(/"route":"produce"[^]*"route":"webhook"/);
    expect(gateway.process.output()).not.toMatch(new RegExp(`${gateway.password}|pass=|sensitive|Basic`));

    await limitFiles(gateway.process.pid, "unlimited");
    expect(await health()).toBe(200);
    expect((await call("/produce/t", batch("3"))).body.map(({ offset }) => offset)).toEqual([3, 4, 5]);
    await gateway.restart("SIGKILL");
    const stored = (await call("/fetch", { topic: "t", partition: 0, offset: 0 })).body;
    expect(stored.map(({ offset, value }) => [offset, value.slice(0, 2)])).toEqual([
      [0, "1a"],
      [1, "1b"],
      [2, "1c"],
      [3, "3a"],
      [4, "3b"],
      [5, "3c"],
    ]);
  },
);
