import type { WorkerConfig } from "./config.ts";

/** Whether the Worker serves the reference of its API. */
export const isDocsOn = ({ DOCS }: Pick<WorkerConfig, "DOCS">): boolean => DOCS === "on";

/** Where the reference of the API is: the files that the console's build makes of console/docs, and `/docs` for docs.html. */
export const DOCS_PATHS = ["/docs", "/docs.html", "/docs.js", "/docs.css"] as const;

/**
 * As for the console, but for what Redoc does: it writes its styles as it goes, and carries a font and pictures. It makes no code of text.
 */
export const DOCS_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
