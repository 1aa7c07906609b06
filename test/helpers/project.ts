import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");

/** An application of its own, in a temporary folder, with what the tests' own application needs installed. */
export type TestProject = {
  readonly directory: string;
  write(path: string, text: string): void;
  remove(): void;
};

/**
 * Makes an application.
 * @param files by path, in place of those of the tests' own application
 * @param library the checkout that its `@rejoinder/sdk` is
 */
export const createProject = (files: Readonly<Record<string, string>>, library: string = ROOT): TestProject => {
  const directory = mkdtempSync(join(tmpdir(), "rejoinder-project-"));
  cpSync(PROJECT, directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), '{ "type": "module", "private": true }\n');
  mkdirSync(join(directory, "node_modules/@rejoinder"), { recursive: true });
  symlinkSync(library, join(directory, "node_modules/@rejoinder/sdk"));
  for (const name of ["zod", "@opentelemetry"]) symlinkSync(join(ROOT, "node_modules", name), join(directory, "node_modules", name));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  return { directory, write, remove: () => rmSync(directory, { recursive: true, force: true }) };
};
