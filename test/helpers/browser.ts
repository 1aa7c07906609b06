import { existsSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** Nothing that reaches out by itself, so that a test sees only its own traffic. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts a headless Chromium: the one CHROMIUM_PATH names, else the one from npm on Linux x64, else an installed Chrome.
 * It runs in the locale of containers and CI machines, where it calls its language `en-US@posix`: not a language tag.
 */
export const launchBrowser = async (): Promise<Browser> => {
  const env = { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", LANGUAGE: "" } as Record<string, string>;
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && !existsSync(named)) throw new Error(`Expected CHROMIUM_PATH to be a browser's file, got ${named}`);
  if (named !== undefined) return playwright.launch({ executablePath: named, args: ARGS, env });
  if (process.platform === "linux" && process.arch === "x64") {
    // The package's own arguments turn off what is tested here (web security), and one process for all ends with the first page.
    return playwright.launch({ executablePath: await chromium.executablePath(), args: ARGS, env });
  }
  return playwright.launch({ channel: "chrome", args: ARGS, env });
};
