import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../../cli/processes/process-identity.ts";

const GUARDIAN = new URL("../../../cli/processes/guardian.ts", import.meta.url).href;

/** A process that guards two others, and says which ones. */
const startHolder = async (): Promise<{ holder: ChildProcess; pids: readonly number[] }> => {
  const program = `
    import { spawn } from "node:child_process";
    import { startGuardian } from ${JSON.stringify(GUARDIAN)};
    const [first, second] = [0, 1].map(() => spawn("sleep", ["600"], { detached: true, stdio: "ignore" }));
    const guardian = startGuardian("KILL");
    guardian.guard(first.pid);
    guardian.guard(second.pid);
    process.stdout.write(first.pid + " " + second.pid);
    setInterval(() => {}, 1_000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(holder.stdout, "data")) as [Buffer];
  const pids = String(text).split(" ").map(Number);
  onTestFinished(() => {
    for (const pid of pids) if (identifyProcess(pid) !== undefined) process.kill(pid, "SIGKILL");
  });
  return { holder, pids };
};

test("the process that is guarded last does not outlive a kill -9 of its holder", async () => {
  const { holder, pids } = await startHolder();
  holder.kill("SIGKILL");
  await expect.poll(() => identifyProcess(pids[1] ?? 0)).toBeUndefined();
  expect(identifyProcess(pids[0] ?? 0)).toBeDefined();
});
