import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { untilShutdown } from "../../environment/shutdown-signal.ts";
import { workerConditions } from "./conditions.ts";
import { PREFERRED_PORT, readStartConfig } from "../config.ts";
import { startGuardian } from "../processes/guardian.ts";
import { waitForHealth } from "../start/health.ts";
import { forwardLines } from "../processes/log-lines.ts";
import { recordProcess } from "../processes/process-record.ts";
import { readProject } from "../project.ts";
import { createWorkerBindings } from "./worker-bindings.ts";
import { wranglerProgram } from "./wrangler.ts";

/** With these, wrangler dev makes no calls to the network. */
const OFFLINE = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** Runs the Worker in wrangler dev until the process is told to stop, and says over IPC when it is ready. Resolves to the exit code. */
export const runWorkerDev = async (): Promise<number> => {
  const { root } = readProject();
  const { port = PREFERRED_PORT, ...config } = readStartConfig(process.env);
  const url = `http://127.0.0.1:${port}`;
  const shutdown = untilShutdown({ exitWithParent: config.exitWithParent });
  const directory = join(config.directory, "dev");
  mkdirSync(directory, { recursive: true });

  // On the command line the secrets would be there for every user of the machine to read.
  const variablesFile = join(directory, "variables.env");
  const lines = Object.entries(createWorkerBindings(process.env)).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(variablesFile, lines.join(""), { mode: 0o600 });

  const args = [
    ...["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    ...["--persist-to", directory, "--env-file", variablesFile],
    ...["--show-interactive-dev-session", "false"],
  ];
  const wrangler = spawn(process.execPath, [wranglerProgram(root), "dev", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...OFFLINE, WRANGLER_BUILD_CONDITIONS: workerConditions().join(",") },
  });
  forwardLines(wrangler.stdout, console.log);
  forwardLines(wrangler.stderr, console.error);
  const ended = once(wrangler, "exit");
  const guardian = startGuardian("TERM");
  if (wrangler.pid !== undefined) {
    // Left behind, it would hold the port and the files.
    guardian.guard(wrangler.pid);
    recordProcess(config.directory, "wrangler", wrangler.pid);
  }

  void waitForHealth(url).then(() => process.send?.({ type: "ready", url }));

  const wasTold = await Promise.race([ended.then(() => false), shutdown.then(() => true)]);
  if (wasTold) {
    wrangler.kill("SIGTERM");
    await ended;
  }
  guardian.release();
  return wasTold ? 0 : 1;
};
