import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { identifyProcess, isRunning } from "../../../cli/processes/process-identity.ts";
import { endRecorded, recordedProcess, recordProcess } from "../../../cli/processes/process-record.ts";

let directory: string;
let children: ChildProcess[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-record-"));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** A process that says `up` when it runs, and ends at SIGTERM unless told to be deaf. */
const startProcess = async (deaf = false): Promise<{ child: ChildProcess; pid: number; ended: Promise<unknown[]> }> => {
  const program = `process.on("SIGTERM", () => { if (!${deaf}) process.exit(0) }); setInterval(() => {}, 1000); console.log("up")`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  await once(child.stdout, "data");
  return { child, pid: child.pid as number, ended: once(child, "exit") };
};

test("a recorded process that still runs is ended, by asking", async () => {
  const { pid, ended } = await startProcess();
  recordProcess(directory, "part", pid);
  expect(await endRecorded(directory, "part", 10_000)).toBe(pid);
  expect(await ended).toEqual([0, null]);
  expect(recordedProcess(directory, "part")).toBeUndefined();
});

test("one that does not listen is killed", async () => {
  const { pid, ended } = await startProcess(true);
  recordProcess(directory, "part", pid);
  expect(await endRecorded(directory, "part", 60)).toBe(pid);
  expect(await ended).toEqual([null, "SIGKILL"]);
});

test.each(["startedAt", "command"])(
  "a process that only has the pid of the recorded one (its %s differs) is left alone",
  async (member) => {
    const { child, pid } = await startProcess();
    recordProcess(directory, "part", pid);
    const file = join(directory, "processes/part.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), [member]: "another" }));
    expect(await endRecorded(directory, "part", 60)).toBeUndefined();
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  },
);

test("nothing recorded, or a broken record, is nothing to end", async () => {
  expect(await endRecorded(directory, "part", 60)).toBeUndefined();
  const { pid } = await startProcess();
  recordProcess(directory, "part", pid);
  writeFileSync(join(directory, "processes/part.json"), '{"pid":');
  expect(await endRecorded(directory, "part", 60)).toBeUndefined();
});

test("an ended process runs no more, even while nobody has asked how it ended", async () => {
  const [one, other] = [await startProcess(), await startProcess()];
  const [first, second] = [identifyProcess(one.pid), identifyProcess(other.pid)];
  if (first === undefined || second === undefined) throw new Error("Expected both to be identified");
  process.kill(one.pid, "SIGKILL");
  await vi.waitUntil(() => !isRunning(first));
  expect(isRunning(second)).toBe(true);
});
