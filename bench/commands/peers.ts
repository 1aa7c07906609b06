import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Say } from "../result.ts";
import { startProgram } from "../processes.ts";
import type { PeerAnswer, PeerTask } from "./peer-program.ts";

/** Event stores for TypeScript that keep events in SQLite. */
export const PEERS = ["act", "emmett"] as const;
export type PeerName = (typeof PEERS)[number];

const FOLDER = join(import.meta.dirname, "peers");

/** Installs them the first time: they are nobody's dependency. One of them compiles SQLite. @throws Error if npm cannot */
const installPeers = async (say: Say): Promise<void> => {
  if (existsSync(join(FOLDER, "node_modules/sqlite3"))) return;
  say("installing the peers, which takes minutes");
  await promisify(execFile)("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--legacy-peer-deps"], { cwd: FOLDER });
};

/** A peer in a process and a folder of its own. */
export type Peer = AsyncDisposable & { readonly name: PeerName; ask(task: PeerTask): Promise<PeerAnswer> };

const startPeer = async (name: PeerName): Promise<Peer> => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-peer-"));
  const program = await startProgram({
    name,
    file: join(FOLDER, `${name}.js`),
    args: [folder],
    // It reads the package.json of the folder that it runs in.
    project: FOLDER,
    variables: { NODE_ENV: "production", LOG_LEVEL: "error" },
  });
  return {
    name,
    async ask(task) {
      const answered = once(program.child, "message") as Promise<[PeerAnswer]>;
      program.child.send(task);
      const [answer] = await answered;
      if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Starts those that can be: what is missing is said, and not measured. */
export const startPeers = async (say: Say): Promise<AsyncDisposable & { readonly peers: readonly Peer[] }> => {
  await using cleanUp = new AsyncDisposableStack();
  const peers: Peer[] = [];
  try {
    await installPeers(say);
    for (const name of PEERS) peers.push(cleanUp.use(await startPeer(name)));
  } catch (error) {
    say(`NOT MEASURED beside ${PEERS.filter((name) => !peers.some((peer) => peer.name === name)).join(", ")}: ${(error as Error).message}`);
  }
  const started = cleanUp.move();
  return { peers, [Symbol.asyncDispose]: () => started.disposeAsync() };
};
