import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { packAll } from "../../tools/pack.ts";
import { runProgram } from "../../tools/program.ts";
import { ROOT } from "../../tools/root.ts";
import { freePort } from "../helpers/processes.ts";

/** All that npm brings, perhaps from a registry far away. */
const INSTALL_TIMEOUT_MS = 300_000;

let directory: string;
let project: string;

/** Makes a project as the README says, but with the packages of this checkout. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-packed-"));
  const { sdk, create } = await packAll(join(directory, "packed"));
  await npm(["exec", "--yes", `--package=${create.file}`, "--", "create-rejoinder", "my-app", "--yes"], directory);
  project = join(directory, "my-app");
  await npm(["install", "--prefer-offline", "--no-audit", "--no-fund", sdk.file], project);
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the npm that runs this test says to its scripts is not for the project's own. */
const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(npm_|VITEST|NODE_ENV)/.test(name) ? [] : [[name, value]],
    ),
  );

const npm = (args: readonly string[], cwd = project): Promise<string> => runProgram("npm", args, { cwd, environment: environment() });

test("what the project has compiles, against declarations that are whole", async () => {
  await npm(["run", "types"]);
  // The library's own declarations too, while those of others are theirs to mend.
  const errors = await npm(["run", "types", "--", "--skipLibCheck", "false"]).catch(({ message }: Error) => message);
  expect(errors.split("\n").filter((line) => line.includes("@rejoinder/sdk/dist"))).toEqual([]);
});

test("types reach from the contract to the caller", async () => {
  const file = join(project, "test/wrong.ts");
  const call = "await app.client.request(\"sum\", { a: 2, b: '3' });";
  const imports = 'import { startRejoinder } from "@rejoinder/sdk/testing";\nimport consumer from "../app/consumer.ts";';
  writeFileSync(file, `${imports}\nawait using app = await startRejoinder(consumer);\n${call}\n`);
  await expect(npm(["run", "types"])).rejects.toThrow("Type 'string' is not assignable to type 'number'");
  rmSync(file);
});

test("its own test passes, on the real path", async () => {
  expect(await npm(["test"])).toMatch(/Tests .*1 passed/);
});

test("npm run dev answers a request, serves the page, and takes up an operation that is added meanwhile", async () => {
  const child = spawn("npm", ["run", "dev"], {
    cwd: project,
    env: { ...environment(), PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}`, PORT: String(await freePort()) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const url = await readyUrl(child);
  expect(await post(url, "sum", { a: 2, b: 3 })).toEqual([200, { sum: 5 }]);
  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script type="module" src="')]);

  // An operation of its own, while it runs.
  insert("app/contract.ts", /^\}\);$/m, "  shout: operation({ request: z.string(), reply: z.string() }),\n});");
  insert("app/consumer.ts", /^ {2}handlers: \{$/m, "  handlers: {\n    shout: (text) => text.toUpperCase(),");
  await expect.poll(() => post(url, "shout", "hello"), { timeout: 60_000 }).toEqual([200, "HELLO"]);
}, 180_000);

const post = async (url: string, operation: string, request: unknown): Promise<unknown> => {
  const headers = { "content-type": "application/json", prefer: "wait=30" };
  const response = await fetch(`${url}/requests/${operation}`, { method: "POST", headers, body: JSON.stringify(request) });
  return [response.status, await response.json()];
};

const insert = (path: string, place: RegExp, text: string): void => {
  const file = join(project, path);
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(place, () => text),
  );
};

/** What `ready` names. Rejects with all that was printed if it ends before. */
const readyUrl = async ({ stdout, stderr }: ChildProcess): Promise<string> => {
  if (stdout === null || stderr === null) throw new Error("Expected its output to be piped");
  const lines: string[] = [];
  stderr.on("data", (chunk) => lines.push(String(chunk)));
  for await (const line of createInterface({ input: stdout })) {
    lines.push(line);
    const [, url] = /ready (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`It ended before it was ready:\n${lines.join("\n")}`);
};

test("it can be deployed, as far as that shows without a network", async () => {
  const output = await npm(["run", "deploy", "--", "--dry-run"]);
  expect(output).toContain("Nothing was deployed (--dry-run).");
}, 120_000);
