import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runTool } from "./java.ts";
import { USERS } from "./listeners.ts";
import type { Keystore, Server } from "./server-properties.ts";

const uuid = (): string => randomBytes(16).toString("base64url").replace(/^-/, "A");

/** Prepares the log folders of a new cluster. The tool runs once, as a JVM for every node would take longer than the nodes to start. */
export const formatStorage = async (jars: string, servers: readonly Server[], propertiesFile: string): Promise<void> => {
  const [first, ...others] = servers as readonly [Server, ...Server[]];
  const scram = Object.entries(USERS).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => ["--add-scram", `${mechanism}=[name=${name},password=${password}]`]),
  );
  await runTool(jars, "kafka.tools.StorageTool", ["format", "-t", uuid(), "-c", propertiesFile, ...scram]);
  const metaFile = (server: Server) => join(server.logFolder, "meta.properties");
  const meta = await readFile(metaFile(first), "utf8");
  for (const server of others) {
    await cp(first.logFolder, server.logFolder, { recursive: true });
    const own = meta.replace(/^node\.id=.*$/m, `node.id=${server.id}`).replace(/^directory\.id=.*$/m, `directory.id=${uuid()}`);
    await writeFile(metaFile(server), own);
  }
};

/** Where it is to be made. */
export const keystoreIn = (folder: string): Keystore => ({ file: join(folder, "keys.p12"), password: "password" });

/** A key for 127.0.0.1 and a certificate that it signs itself. */
export const createKeystore = async ({ file, password }: Keystore): Promise<void> => {
  const names = ["-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost", "-validity", "3650"];
  const store = ["-keystore", file, "-storetype", "PKCS12", "-storepass", password, "-keypass", password];
  await promisify(execFile)("keytool", ["-genkeypair", "-alias", "broker", "-keyalg", "EC", ...names, ...store]);
};
