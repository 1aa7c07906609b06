import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { CONSOLE_PATHS, type ConsoleFiles } from "../../console.ts";
import { DOCS_PATHS } from "../../docs.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Where pages are, and their files. */
const PAGES: Readonly<Record<string, string>> = { "/": "index.html", "/docs": "docs.html" };

type File = { readonly body: Uint8Array<ArrayBuffer>; readonly headers: Readonly<Record<string, string>> };

/** The console and the reference of the API as they were built, from a folder, answered as Workers Static Assets do. The files are read once, now. @throws Error if one is missing */
export const readConsoleFiles = (directory: string): ConsoleFiles => {
  const paths = [...CONSOLE_PATHS, ...DOCS_PATHS];
  const files = new Map<string, File>(paths.map((path) => [path, readFile(directory, PAGES[path] ?? path)]));
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const page = Object.keys(PAGES).find((path) => pathname === `/${PAGES[path]}`);
      if (page !== undefined) return new Response(null, { status: 307, headers: { location: page } });
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
