import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningProcess, startProcess } from "./processes.ts";

export type GatewayProcess = {
  /** Of the running gateway; the same after `restart()`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly dataDir: string;
  /** The one that runs now. */
  readonly process: RunningProcess;
  /** Ends the gateway, by SIGTERM or as told, and starts it again on the same folder and port. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the gateway and removes its folder. */
  remove(): Promise<void>;
};

const USERNAME = "tester";
const PASSWORD = "secret";

/** Starts a real gateway process on a free port, in a folder of its own. @param overrides variables of its environment */
export const startGatewayProcess = async (overrides: Record<string, string> = {}): Promise<GatewayProcess> => {
  const dataDir = await mkdtemp(join(tmpdir(), "rejoinder-gateway-"));
  const environment = {
    GATEWAY_PORT: "0",
    GATEWAY_DATA_DIR: dataDir,
    GATEWAY_CREDENTIALS: `${USERNAME}:${PASSWORD}`,
    EXIT_WITH_PARENT: "1",
    ...overrides,
  };
  let running = await startProcess("gateway", environment);
  const url = String(running.ready["url"]);
  return {
    url,
    username: USERNAME,
    password: PASSWORD,
    dataDir,
    get process() {
      return running;
    },
    async restart(signal) {
      await running.stop(signal);
      running = await startProcess("gateway", { ...environment, GATEWAY_PORT: new URL(url).port });
    },
    async remove() {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
