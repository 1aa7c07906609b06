import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A copy of this checkout that a test may change. */
export type Checkout = {
  readonly directory: string;
  /** Its cli/run.js. */
  readonly run: string;
  write(path: string, text: string): void;
  /** Replaces the line of a file that begins alike, as somebody does who follows the README. */
  replaceLine(path: string, beginning: string, code: string): void;
  remove(): void;
};

const ROOT = join(import.meta.dirname, "../..");

/** What a checkout does not bring with it. */
const GENERATED = new Set(["node_modules", ".git", ".rejoinder", ".wrangler", ".types", "dist", "build"]);

/** Copies what git would, and shares the modules. */
export const copyCheckout = (): Checkout => {
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-checkout-"));
  for (const name of readdirSync(ROOT)) if (!GENERATED.has(name)) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const write = (path: string, text: string): void => writeFileSync(join(directory, path), text);
  return {
    directory,
    run: join(directory, "cli/run.js"),
    write,
    replaceLine(path, beginning, code) {
      const text = readFileSync(join(directory, path), "utf8");
      const line = text.split("\n").find((candidate) => candidate.startsWith(beginning));
      if (line === undefined) throw new Error(`Expected a line of ${path} to begin with ${beginning}`);
      write(path, text.replace(line, code));
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
