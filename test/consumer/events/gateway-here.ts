import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGatewayConfig } from "../../../gateway/config.ts";
import { openGateway } from "../../../gateway/run-gateway.ts";
import { createRecordedLog } from "../log.ts";

export type GatewayHere = {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly dataDir: string;
  stop(): Promise<void>;
  /** Ends it, and removes its folder. */
  remove(): Promise<void>;
};

/** A gateway as the command starts it, with these topics, in this process and at a free port. @param folder of one that has stopped */
export const startGatewayHere = async (topics: string, folder?: string): Promise<GatewayHere> => {
  const dataDir = folder ?? (await mkdtemp(join(tmpdir(), "rejoinder-events-")));
  const config = readGatewayConfig({
    GATEWAY_PORT: "0",
    GATEWAY_DATA_DIR: dataDir,
    GATEWAY_TOPICS: topics,
    GATEWAY_FSYNC: "os",
    GATEWAY_CREDENTIALS: "tester:secret",
  });
  const gateway = await openGateway(config, createRecordedLog());
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());
  return {
    url: gateway.url,
    username: "tester",
    password: "secret",
    dataDir,
    stop,
    async remove() {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
