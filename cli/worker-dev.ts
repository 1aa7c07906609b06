import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./bundle.ts";
import { readStartConfig } from "./config.ts";
import { waitForHealth } from "./health.ts";
import { forwardLines } from "./log-lines.ts";
import { recordProcess } from "./process-record.ts";
import { untilShutdown } from "../environment/shutdown-signal.ts";
import { createWorkerBindings } from "./worker-bindings.ts";

const config = readStartConfig(process.env);
const url = `http://127.0.0.1:${config.port}`;
const shutdown = untilShutdown({ exitWithParent: config.exitWithParent });
const directory = join(config.directory, "dev");
mkdirSync(directory, { recursive: true });

// On the command line the secrets would be there for every user of the machine to read.
const variablesFile = join(directory, "variables.env");
const lines = Object.entries(createWorkerBindings(process.env)).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
writeFileSync(variablesFile, lines.join(""), { mode: 0o600 });

const wrangler = spawn(
  process.execPath,
  [
    join(ROOT, "node_modules/wrangler/bin/wrangler.js"),
    "dev",
    ...["--ip", "127.0.0.1", "--port", String(config.port), "--inspector-port", "0"],
    ...["--persist-to", directory, "--env-file", variablesFile],
    ...["--show-interactive-dev-session", "false"],
  ],
  {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      // Nothing of this reaches for the network.
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  },
);
forwardLines(wrangler.stdout, console.log);
forwardLines(wrangler.stderr, console.error);
const ended = once(wrangler, "exit");
// Killed, this process would leave wrangler behind; whoever starts next finds it here.
if (wrangler.pid !== undefined) recordProcess(config.directory, "wrangler", wrangler.pid);

void waitForHealth(url).then(() => process.send?.({ type: "ready", url }));

const wasTold = await Promise.race([ended.then(() => false), shutdown.then(() => true)]);
if (wasTold) {
  wrangler.kill("SIGTERM");
  await ended;
}
process.exit(wasTold ? 0 : 1);
