import { join } from "node:path";
import { childPids } from "./child-process.ts";
import { readStartConfig } from "./config.ts";
import { forwardLines } from "./log-lines.ts";
import { identifyProcess } from "./process-identity.ts";
import { recordProcess } from "./process-record.ts";
import { untilToldToStop } from "../environment/told-to-stop.ts";
import { createWorkerBindings } from "./worker-bindings.ts";
import { emptyTemporaryFolder, startWorkerRuntime } from "./worker-runtime.ts";

const config = readStartConfig(process.env);
const toldToStop = untilToldToStop({ exitWithParent: config.exitWithParent });
const directory = join(config.directory, "worker");
process.env["TMPDIR"] = await emptyTemporaryFolder(directory);

/** Miniflare does not tell the pid; esbuild's service is a child of this process too. */
const findWorkerd = (): number | undefined => childPids().find((pid) => identifyProcess(pid)?.command.includes("workerd") === true);

const runtime = await startWorkerRuntime({
  port: config.port,
  directory,
  bindings: createWorkerBindings(process.env),
  onWorkerd(stdout, stderr) {
    // A kill -9 of this process leaves workerd behind, with the port and the files: whoever starts next finds it here.
    const pid = findWorkerd();
    if (pid !== undefined) recordProcess(config.directory, "workerd", pid);
    forwardLines(stdout, console.log);
    forwardLines(stderr, console.error);
  },
});
process.send?.({ type: "ready", url: `http://127.0.0.1:${config.port}`, workerdPid: findWorkerd() });
await toldToStop;
await runtime.close();
process.exit(0);
