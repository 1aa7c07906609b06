import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { CONSOLE_PATHS, type ConsoleFiles } from "../../console.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

type File = { readonly body: Uint8Array<ArrayBuffer>; readonly headers: Readonly<Record<string, string>> };

/** The built console from a folder, answered as Workers Static Assets do. The files are read once, now. @throws Error if one is missing */
export const readConsoleFiles = (directory: string): ConsoleFiles => {
  const files = new Map(CONSOLE_PATHS.map((path) => [path as string, readFile(directory, path === "/" ? "index.html" : path)]));
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/index.html") return new Response(null, { status: 307, headers: { location: "/" } });
      const file = files.get(pathname);
      if (file === undefined) return new Response(null, { status: 404 });
      const { body, headers } = file;
      const known = request.headers.get("if-none-match")?.replace(/^W\//, "");
      if (known === headers["etag"]) return new Response(null, { status: 304, headers });
      return new Response(body, { headers });
    },
  };
};

const readFile = (directory: string, name: string): File => {
  const body = new Uint8Array(readFileSync(join(directory, name)));
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
  return {
    body,
    headers: {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "cache-control": "public, max-age=0, must-revalidate",
      etag,
    },
  };
};
