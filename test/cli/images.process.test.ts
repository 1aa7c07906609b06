import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { type ProcessOptions, startProcess } from "../helpers/processes.ts";

const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");

/** What a stage copies from this checkout. */
const copiedBy = (stage: string): readonly string[] => {
  const text = new RegExp(`AS ${stage}\\n([^]*?)(\\nFROM |$)`).exec(dockerfile)?.[1] ?? "";
  return [...text.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = ""]) => sources.split(" "));
};

let app: string;
beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "rejoinder-image-"));
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** Options of a process in a folder with what the image of that stage has in it; modules that are for development only are not kept out. */
const unpack = (stage: string): ProcessOptions => {
  const directory = join(app, stage);
  for (const path of [...copiedBy("base"), ...copiedBy(stage)]) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(ROOT, path), join(directory, path), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  return { project: directory, run: join(directory, "cli/run.js") };
};

test("what the gateway's image has in it is enough to serve", async ({ onTestFinished }) => {
  const environment = { GATEWAY_CREDENTIALS: "user:password:full", GATEWAY_PORT: "0", GATEWAY_DATA_DIR: join(app, "data") };
  const gateway = await startProcess("gateway", environment, unpack("gateway"));
  onTestFinished(() => gateway.stop());
  expect((await fetch(`${String(gateway.ready["url"])}/health`)).status).toBe(200);
});

test("what the consumer's image has in it is enough to say what is not configured", async () => {
  const consumer = startProcess("consumer", {}, unpack("consumer"));
  await expect(consumer).rejects.toThrow("WORKER_URL is not set");
});

test("nothing of what the images copy is kept out of them", () => {
  const kept = new Set(readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n"));
  const copied = ["base", "gateway", "consumer"].flatMap(copiedBy);
  expect(copied.length).toBeGreaterThan(6);
  expect(copied.filter((path) => !kept.has(`!${path}`))).toEqual([]);
});
