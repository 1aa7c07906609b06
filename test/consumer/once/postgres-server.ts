import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, globSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The newest server that Debian's packages or Homebrew have installed. */
const BIN = globSync(["/usr/lib/postgresql/*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb"])
  .toSorted()
  .at(-1)
  ?.replace(/\/initdb$/, "");

/** Whether this machine has a server of PostgreSQL. */
export const hasPostgres = BIN !== undefined;

/** A server that listens on a socket in its folder only. `connection` is what node-postgres takes. */
export type PostgresServer = {
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  /** Waits until every session has ended. */
  stop(): Promise<void>;
};

/** Starts a server on a new, empty folder. It never syncs, since no test cuts the power. */
export const startPostgresServer = async (): Promise<PostgresServer> => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-postgres-"));
  const owner = ownerOf();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const options = { ...owner, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
  const program = (name: string): string => join(String(BIN), name);
  execFileSync(program("initdb"), ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"], { ...options, stdio: "pipe" });
  const server = spawn(program("postgres"), ["-D", data, "-k", folder, "-c", "listen_addresses=", "-F"], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(server, "exit");
  const lines = createInterface({ input: server.stderr });
  await new Promise<void>((resolve, reject) => {
    const said: string[] = [];
    lines.on("line", (line) => {
      said.push(line);
      if (line.includes("ready to accept connections")) resolve();
    });
    void exited.then(() => reject(new Error(`postgres ended:\n${said.join("\n")}`)));
  });
  return {
    connection: { host: folder, user: "tester", database: "postgres" },
    async stop() {
      server.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** PostgreSQL refuses to run as root. */
const ownerOf = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
};
