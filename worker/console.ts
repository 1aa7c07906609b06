import type { Context } from "hono";
import type { WorkerConfig } from "./config.ts";

/** Where the console is: the files that its build makes, and `/` for index.html. */
export const CONSOLE_PATHS = ["/", "/index.html", "/main.js", "/main.css", "/icon.svg"] as const;

/** The page has no inline code or style, and asks its own origin only. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** Whether the Worker serves the console: as `CONSOLE` says, else everywhere but in production. */
export const isConsoleOn = ({ CONSOLE, ENVIRONMENT }: Pick<WorkerConfig, "CONSOLE" | "ENVIRONMENT">): boolean =>
  CONSOLE === undefined ? ENVIRONMENT !== "production" : CONSOLE === "on";

/** The files of the console: answers a request for one of {@link CONSOLE_PATHS}. */
export type ConsoleFiles = { fetch(request: Request): Promise<Response> };

/** Answers with a file of a page, under headers that let the page do what it does and nothing else. */
export const createConsole =
  (assets: ConsoleFiles, securityPolicy: string = CONTENT_SECURITY_POLICY) =>
  async ({ req }: Context): Promise<Response> => {
    const file = await assets.fetch(req.raw);
    const response = new Response(file.body, file);
    response.headers.set("content-security-policy", securityPolicy);
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    return response;
  };
