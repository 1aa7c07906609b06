import { join } from "node:path";
import { stop as stopEsbuild } from "esbuild";
import { untilShutdown } from "../../environment/shutdown-signal.ts";
import { childPids } from "../processes/child-process.ts";
import { PREFERRED_PORT, readStartConfig } from "../config.ts";
import { startGuardian } from "../processes/guardian.ts";
import { forwardLines } from "../processes/log-lines.ts";
import { identifyProcess } from "../processes/process-identity.ts";
import { recordProcess } from "../processes/process-record.ts";
import { readProject } from "../project.ts";
import { createWorkerBindings } from "./worker-bindings.ts";
import { emptyTemporaryFolder, startWorkerRuntime } from "./worker-runtime.ts";

/** Miniflare does not report the pid, and esbuild's service is a child of this process, too. */
const findWorkerd = (): number | undefined => childPids().find((pid) => identifyProcess(pid)?.command.includes("workerd") === true);

/**
 * Runs the Worker as the environment says until the process is told to stop, and reports over IPC when it is ready.
 * @param bundle makes another Worker in its place
 */
export const runWorker = async (bundle?: () => Promise<string>): Promise<void> => {
  const config = readStartConfig(process.env);
  const { port = PREFERRED_PORT } = config;
  const shutdown = untilShutdown({ exitWithParent: config.exitWithParent });
  const directory = join(config.directory, "worker");
  process.env["TMPDIR"] = await emptyTemporaryFolder(directory);
  const script = await bundle?.();
  const guardian = startGuardian("KILL");
  const runtime = await startWorkerRuntime({
    project: readProject(),
    port,
    directory,
    bindings: createWorkerBindings(process.env),
    ...(script === undefined ? {} : { script }),
    onWorkerd(stdout, stderr) {
      const pid = findWorkerd();
      if (pid !== undefined) {
        // Left behind, it would hold the port and the files.
        guardian.guard(pid);
        recordProcess(config.directory, "workerd", pid);
      }
      forwardLines(stdout, console.log);
      forwardLines(stderr, console.error);
    },
  });
  // Its service has done its work.
  await stopEsbuild();
  process.send?.({ type: "ready", url: `http://127.0.0.1:${port}`, workerdPid: findWorkerd() });
  await shutdown;
  await runtime.close();
  guardian.release();
};
