import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../tools/root.ts";
import { until } from "../helpers/stack.ts";

/** The React example on an origin of its own. */
export type ReactPage = { readonly url: string; close(): Promise<void> };

const VITE = join(ROOT, "node_modules/vite/bin/vite.js");
const EXAMPLE = "examples/react";
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Vite runs as a process of its own: the tests' NODE_ENV would make it build React for development. */
const environmentFor = (workerUrl: string): NodeJS.ProcessEnv => {
  const { NODE_ENV: _, ...environment } = process.env;
  return { ...environment, VITE_REJOINDER_URL: workerUrl };
};

/** Serves what Vite builds, and lets the page load nothing else and call nobody but the Worker. */
export const serveBuiltPage = async (port: number, workerUrl: string): Promise<ReactPage> => {
  const folder = mkdtempSync(join(tmpdir(), "rejoinder-react-"));
  const args = [VITE, "build", EXAMPLE, "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: environmentFor(workerUrl) });
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${workerUrl}; base-uri 'none'; form-action 'none'`;
  const server = createServer(async ({ url = "/" }, response) => {
    const path = url === "/" ? "/index.html" : url;
    const content = await readFile(join(folder, path)).catch(() => undefined);
    if (content === undefined) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": TYPES[extname(path)], "content-security-policy": policy }).end(content);
  }).listen(port, "localhost");
  await once(server, "listening");
  return {
    url: `http://localhost:${port}`,
    async close() {
      await closeServer(server);
      rmSync(folder, { recursive: true });
    },
  };
};

const closeServer = async (server: Server): Promise<void> => {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
};

/** Serves the sources by Vite's own server, as `npx vite examples/react` does: only there React's StrictMode runs effects twice. */
export const servePageForDevelopment = async (port: number, workerUrl: string): Promise<ReactPage> => {
  const child = spawn(process.execPath, [VITE, EXAMPLE, "--port", String(port), "--logLevel", "warn"], {
    cwd: ROOT,
    env: environmentFor(workerUrl),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  const url = `http://localhost:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`Vite ended with ${child.exitCode} before it served anything`);
    return fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return {
    url,
    async close() {
      child.kill();
      await exited;
    },
  };
};
