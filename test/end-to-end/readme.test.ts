import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type RunningProcess, startProcess } from "../helpers/processes.ts";

const ROOT = join(import.meta.dirname, "../..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const clientPage = readFileSync(join(ROOT, "docs/client.md"), "utf8");

/** The TypeScript of a text, in its order. */
const snippetsOf = (text: string): readonly string[] => [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = ""]) => code);

const checkout = mkdtempSync(join(tmpdir(), "rejoinder-readme-"));
const dir = mkdtempSync(join(tmpdir(), "rejoinder-readme-data-"));
let started: RunningProcess | undefined;

/** Replaces the line of a file that begins alike, as somebody does who follows the README. */
const replaceLine = (path: string, beginning: string, code: string): void => {
  const text = readFileSync(join(checkout, path), "utf8");
  const line = text.split("\n").find((candidate) => candidate.startsWith(beginning));
  if (line === undefined) throw new Error(`Expected a line of ${path} to begin with ${beginning}`);
  writeFileSync(join(checkout, path), text.replace(line, code));
};

/** What a checkout does not bring with it. */
const GENERATED = new Set(["node_modules", ".git", ".rejoinder", ".wrangler", ".types", "dist"]);

beforeAll(() => {
  for (const name of readdirSync(ROOT)) if (!GENERATED.has(name)) cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
});

afterAll(async () => {
  await started?.stop();
  for (const folder of [checkout, dir]) rmSync(folder, { recursive: true, force: true });
});

test("an operation of one's own works as the README adds it", async () => {
  const snippets = snippetsOf(readme.slice(readme.indexOf("## Add an operation")));
  expect(snippets).toHaveLength(3);
  const [operation = "", handler = "", list = ""] = snippets;
  replaceLine("contract/operations.ts", "export const operations", operation);
  writeFileSync(join(checkout, "consumer/handlers/greet.ts"), handler);
  replaceLine("consumer/handlers/index.ts", "export const handlers", list);
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "worker", "consumer"], { cwd: checkout });

  const port = await freePort();
  const variables = { REJOINDER_DIR: dir, PORT: String(port), GATEWAY_PORT: String(await freePort()), EXIT_WITH_PARENT: "1" };
  started = await startProcess("start", variables, [], join(checkout, "start/run.js"));
  const greet = async (name: string) => {
    const headers = { "content-type": "application/json", prefer: "wait=20" };
    const response = await fetch(`http://127.0.0.1:${port}/requests/greet`, { method: "POST", headers, body: JSON.stringify({ name }) });
    return [response.status, await response.json()];
  };
  expect(await greet("Ada")).toEqual([200, { greeting: "Hello Ada" }]);
  expect(await greet("nobody")).toEqual([404, expect.objectContaining({ code: "NOBODY_THERE" })]);
  expect(await greet("")).toEqual([422, expect.objectContaining({ code: "INVALID_REQUEST" })]);
});

test("the client's example runs as its page and the README show it", () => {
  const [example = ""] = snippetsOf(clientPage);
  const [short = ""] = snippetsOf(readme);
  // The README has the same without the imports.
  for (const line of short.trim().split("\n")) expect(example).toContain(line);
  const url = String(started?.ready["url"]);
  const program = `${example.replace("https://api.example.com", url)}\nconsole.log(sum);\nclient.close();\n`;
  writeFileSync(join(checkout, "example.ts"), program);
  expect(execFileSync(process.execPath, ["example.ts"], { cwd: checkout, encoding: "utf8" })).toBe("5\n");
});

/** A curl command of the README, sent without curl, which not every machine has. */
const send = (command: string, port: string): Promise<Response> => {
  const path = /localhost:8787(\S+)/.exec(command)?.[1] ?? "";
  const headers = [...command.matchAll(/-H '(.*?): (.*?)'/g)].map(([, name = "", value = ""]): [string, string] => [name, value]);
  const body = /-d '(.*?)'/.exec(command)?.[1] ?? "";
  return fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
};

test("the requests of the quick start are answered as it says", async () => {
  const { port } = new URL(String(started?.ready["url"]));
  const commands = [...readme.matchAll(/^ {4}(curl .*)$/gm)].map(([, command = ""]) => command);
  expect(commands).toHaveLength(2);
  const [first, second] = (await Promise.all(commands.map((command) => send(command, port)))) as [Response, Response];
  expect([first.status, await first.json()]).toEqual([200, { sum: 5 }]);
  expect([second.status, second.headers.get("location")]).toEqual([202, expect.stringMatching(/^\/status\/[\w-]{63}$/)]);
});
