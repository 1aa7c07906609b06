import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that goes with the test. */
export const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "subjects-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** Whether any file of a folder has these bytes. */
export const folderHas = (folder: string, bytes: Uint8Array): boolean =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(Buffer.from(bytes)));
