import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const INSTALL = ["install", "--prefer-offline", "--no-audit", "--no-fund"];

let directory: string;
let project: string;
let library: string;

/** Makes a project as the README says, but with the packages of this checkout. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "rejoinder-packed-"));
  const { sdk, create } = await packAll(join(directory, "packed"));
  library = sdk.file;
  await npm(["exec", "--yes", `--package=${create.file}`, "--", "create-rejoinder", "my-app", "--yes"], directory);
  project = join(directory, "my-app");
  await npm([...INSTALL, library], project);
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(directory, { recursive: true, force: true }), INSTALL_TIMEOUT_MS);

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

test("its own test passes, on the real path, in workerd and on Node", async () => {
  const own = readFileSync(join(project, "test/app.test.ts"), "utf8");
  const onNode = own.replace("startRejoinder(consumer)", 'startRejoinder(consumer, { host: "node" })');
  expect(onNode).not.toBe(own);
  writeFileSync(join(project, "test/node.test.ts"), onNode);
  expect(await npm(["test"])).toMatch(/Tests .*2 passed/);
});

/** Runs a script of a project until the test ends; resolves to where its Worker is. */
const run = async (args: readonly string[], variables: Record<string, string>, cwd = project): Promise<string> => {
  const path = `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}`;
  const child = spawn("npm", [...args], { cwd, env: { ...environment(), PATH: path, ...variables }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return readyUrl(child);
};

const expectPage = async (url: string): Promise<void> => {
  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script type="module" src="')]);
};

test("npm start -- --node answers a request, and serves the page", async () => {
  const url = await run(["start", "--", "--node"], { PORT: String(await freePort()) });
  expect(await post(url, "sum", { a: 2, b: 3 })).toEqual([200, { sum: 5 }]);
  await expectPage(url);
});

test("on Node, production needs less than 60 MB, and no workerd", { timeout: INSTALL_TIMEOUT_MS }, async () => {
  const production = join(directory, "production");
  for (const path of ["app", "wrangler.toml", "package.json"]) cpSync(join(project, path), join(production, path), { recursive: true });
  await npm(["pkg", "delete", "devDependencies"], production);
  await npm([...INSTALL, library], production);
  const size = await runProgram("du", ["-sk", join(production, "node_modules")]);
  expect(Number.parseInt(size, 10)).toBeLessThan(60 * 1024);
  expect(existsSync(join(production, "node_modules/miniflare"))).toBe(false);

  const secrets = {
    CORRELATION_SECRET: `1:${"x".repeat(32)}`,
    REPLY_SECRET: `whsec_${btoa("y".repeat(32))}`,
    GATEWAY_CREDENTIALS: "user:password",
  };
  const url = await run(["exec", "--", "rejoinder", "serve"], { ...secrets, AUTH: "public", PORT: "0", GATEWAY_PORT: "0" }, production);
  expect(await (await fetch(`${url}/contract`)).json()).toHaveProperty("operations.sum");
  await expectPage(url);
});

test("npm run dev answers a request, serves the page, and takes up an operation that is added meanwhile", async () => {
  const url = await run(["run", "dev"], { PORT: String(await freePort()) });
  expect(await post(url, "sum", { a: 2, b: 3 })).toEqual([200, { sum: 5 }]);
  await expectPage(url);

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

/** What `ready` names, or the log of `serve`. Rejects with all that was printed if it ends before. */
const readyUrl = async ({ stdout, stderr }: ChildProcess): Promise<string> => {
  if (stdout === null || stderr === null) throw new Error("Expected its output to be piped");
  const lines: string[] = [];
  stderr.on("data", (chunk) => lines.push(String(chunk)));
  for await (const line of createInterface({ input: stdout })) {
    lines.push(line);
    const [, url] = /(?:ready|Worker at) (http:[^\s"]+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`It ended before it was ready:\n${lines.join("\n")}`);
};

test("it can be deployed, as far as that shows without a network", async () => {
  const output = await npm(["run", "deploy", "--", "--dry-run"]);
  expect(output).toContain("Nothing was deployed (--dry-run).");
}, 120_000);
