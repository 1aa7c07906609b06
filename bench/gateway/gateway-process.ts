import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf } from "../../cli/forked-part.ts";
import { createPart } from "../../cli/part.ts";
import type { ProcessEnvironment } from "../../cli/part-environments.ts";
import { forkProgram, inheritedVariables } from "../forked-program.ts";
import type { Fsync } from "../fsync.ts";
import type { Removable } from "../lifetime.ts";
import { PARTITIONS, type Server, TOPICS } from "./requests.ts";

/** The gateway of `npm run gateway`, in a process and a folder of its own. */
export type GatewayProcess = Server &
  Removable & {
    readonly pid: number;
    /** The size of all that the log's folder holds now. */
    logBytes(): Promise<number>;
  };

const CREDENTIALS = "bench:bench";
const GRACE_MS = 5_000;

/** @param variables of its environment, beside those that every measurement needs; of another engine than the embedded one, for which there is no `fsync` */
export const startGatewayProcess = async (fsync: Fsync | undefined, variables: ProcessEnvironment = {}): Promise<GatewayProcess> => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-bench-"));
  const environment = {
    ...inheritedVariables(),
    LOG_LEVEL: "warn",
    EXIT_WITH_PARENT: "1",
    GATEWAY_PORT: "0",
    GATEWAY_DATA_DIR: folder,
    GATEWAY_CREDENTIALS: CREDENTIALS,
    ...(fsync === undefined ? {} : { GATEWAY_FSYNC: fsync }),
    GATEWAY_TOPICS: Object.values(TOPICS)
      .map((topic) => `${topic}:${PARTITIONS}`)
      .join(","),
    ...variables,
  };
  const { file, args } = programOf("gateway");
  let child: ChildProcess | undefined;
  const part = createPart({ name: "gateway", say: console.error, spawn: () => (child = forkProgram(file, args, environment)) });
  const remove = async (): Promise<void> => {
    await part.stop(GRACE_MS);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url } = await part.start();
    return {
      url: String(url),
      authorization: `Basic ${Buffer.from(CREDENTIALS).toString("base64")}`,
      pid: (child as ChildProcess | undefined)?.pid as number,
      logBytes: async () => {
        const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
        return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};
