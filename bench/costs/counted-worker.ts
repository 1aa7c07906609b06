import { join } from "node:path";
import { build } from "esbuild";
import { untilToldToStop } from "../../environment/told-to-stop.ts";
import { childPids } from "../../start/child-process.ts";
import { readStartConfig } from "../../start/config.ts";
import { identifyProcess } from "../../start/process-identity.ts";
import { createWorkerBindings } from "../../start/worker-bindings.ts";
import { emptyTemporaryFolder, startWorkerRuntime } from "../../start/worker-runtime.ts";

/** The Worker of `npm start`, with the same variables and in the same runtime, which counts what it does. */
if (import.meta.main) {
  const { port, directory: parent, exitWithParent } = readStartConfig(process.env);
  const toldToStop = untilToldToStop({ exitWithParent });
  const directory = join(parent, "worker");
  process.env["TMPDIR"] = await emptyTemporaryFolder(directory);
  const bindings = createWorkerBindings(process.env);
  const runtime = await startWorkerRuntime({ port, directory, bindings, script: await bundleCountedWorker(), onWorkerd() {} });
  const workerdPid = childPids().find((pid) => identifyProcess(pid)?.command.includes("workerd") === true);
  process.send?.({ type: "ready", url: `http://127.0.0.1:${port}`, workerdPid });
  await toldToStop;
  await runtime.close();
  process.exit(0);
}

async function bundleCountedWorker(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: import.meta.dirname,
      contents: `
        import { fetchCounted, Mailbox } from "./counted/worker.ts";
        export const Local = { fetch: fetchCounted };
        export { Local as default, Mailbox };`,
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
