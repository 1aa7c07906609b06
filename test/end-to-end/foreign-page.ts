import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { ROOT } from "../../tools/root.ts";

/** A page of another origin than the Worker's, which allows scripts of its own origin only, and calls to whatever it is told. */
export type ForeignPage = {
  readonly port: number;
  /** On the page's `globalThis`: `createClient`. @param connect what the page may call */
  url(host: string, connect: string): string;
  close(): void;
};

export const serveForeignPage = async (): Promise<ForeignPage> => {
  const { outputFiles } = await build({
    stdin: { contents: `import { createClient } from "./client/index.ts"; Object.assign(globalThis, { createClient });`, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "silent",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://page.example");
    if (pathname === "/page.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    const policy = `default-src 'none'; script-src 'self'; connect-src ${searchParams.get("connect") ?? "'none'"}`;
    return response
      .writeHead(200, { "content-type": "text/html", "content-security-policy": policy })
      .end(`<!doctype html><html lang="en"><title>Elsewhere</title><script type="module" src="/page.js"></script></html>`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (host, connect) => `http://${host}:${port}/?connect=${encodeURIComponent(connect)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
