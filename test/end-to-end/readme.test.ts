import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildClientPackage } from "../../tools/client-package.ts";
import { buildConsole } from "../../tools/console-build.ts";
import { copyCheckout } from "../helpers/checkout.ts";
import { freePort, type RunningProcess, startProcess } from "../helpers/processes.ts";

const ROOT = join(import.meta.dirname, "../..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const clientPage = readFileSync(join(ROOT, "docs/client.md"), "utf8");

/** A section of the README, up to the next one. */
const sectionOf = (title: string): string => readme.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? "";

/** The TypeScript of a text, in its order. */
const snippetsOf = (text: string): readonly string[] => [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, code = ""]) => code);

const checkout = copyCheckout();
const dir = mkdtempSync(join(tmpdir(), "rejoinder-readme-data-"));
let started: RunningProcess | undefined;

afterAll(async () => {
  await started?.stop();
  checkout.remove();
  rmSync(dir, { recursive: true, force: true });
});

test("an operation of one's own works as the README adds it", async () => {
  const snippets = snippetsOf(sectionOf("Add an operation"));
  expect(snippets).toHaveLength(2);
  const [operation = "", handler = ""] = snippets;
  checkout.replaceLine("app/contract.ts", "});", `${operation}});`);
  checkout.replaceLine("app/consumer.ts", "  handlers: {", `  handlers: {\n${handler}`);
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "app"], { cwd: checkout.directory });

  await buildConsole(join(checkout.directory, "dist/console"));
  const port = await freePort();
  const variables = { REJOINDER_DIR: dir, PORT: String(port), GATEWAY_PORT: String(await freePort()), EXIT_WITH_PARENT: "1" };
  started = await startProcess("start", variables, { run: checkout.run, project: checkout.directory });
  const greet = async (name: string) => {
    const headers = { "content-type": "application/json", prefer: "wait=20" };
    const response = await fetch(`http://127.0.0.1:${port}/requests/greet`, { method: "POST", headers, body: JSON.stringify({ name }) });
    return [response.status, await response.json()];
  };
  expect(await greet("Ada")).toEqual([200, { greeting: "Hello Ada" }]);
  expect(await greet("nobody")).toEqual([404, expect.objectContaining({ code: "NOBODY_THERE" })]);
  expect(await greet("")).toEqual([422, expect.objectContaining({ code: "INVALID_REQUEST" })]);
});

test("the client's example runs as its page and the README show it", async () => {
  const [example = ""] = snippetsOf(clientPage);
  const [short = ""] = snippetsOf(sectionOf("Call it"));
  expect(short).not.toBe("");
  // The README has the same without the imports.
  for (const line of short.trim().split("\n")) expect(example).toContain(line);
  const url = String(started?.ready["url"]);
  await buildClientPackage(join(checkout.directory, "build/client"));
  const program = `${example.replace("https://api.example.com", url).replace('"@rejoinder/client"', '"./build/client/index.js"')}\nconsole.log(sum);\nclient.close();\n`;
  checkout.write("example.ts", program);
  expect(
    execFileSync(process.execPath, ["--conditions=@rejoinder/source", "example.ts"], { cwd: checkout.directory, encoding: "utf8" }),
  ).toBe("5\n");
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
