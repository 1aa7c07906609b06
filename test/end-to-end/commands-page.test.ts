import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildConsole } from "../../tools/console-build.ts";
import { ROOT } from "../../tools/root.ts";
import { copyCheckout } from "../helpers/checkout.ts";
import { freePort, type RunningProcess, startProcess } from "../helpers/processes.ts";

const page = readFileSync(join(ROOT, "docs/commands.md"), "utf8");
const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))].map(([, code = ""]) => code);

const checkout = copyCheckout();
const dir = mkdtempSync(join(tmpdir(), "rejoinder-commands-page-"));
let started: RunningProcess | undefined;

afterAll(async () => {
  await started?.stop();
  checkout.remove();
  rmSync(dir, { recursive: true, force: true });
});

test("the application of docs/commands.md compiles, runs, and answers as the page says", async () => {
  const [contract = "", consumer = "", worker = "", given = ""] = blocksOf("ts");
  for (const [name, code] of Object.entries({ contract, consumer, worker })) checkout.write(`app/${name}.ts`, code);
  const [binding = ""] = blocksOf("toml");
  appendFileSync(join(checkout.directory, "wrangler.toml"), `\n${binding}`);
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "app"], { cwd: checkout.directory });

  // The test of the decider, with the imports that it has in a file of its own.
  writeFileSync(join(checkout.directory, "app/given.ts"), `import { behaviour } from "./consumer.ts";\n${given}`);
  execFileSync(process.execPath, ["--conditions=@rejoinder/source", "app/given.ts"], { cwd: checkout.directory });
  rmSync(join(checkout.directory, "app/given.ts"));

  await buildConsole(join(checkout.directory, "dist/console"));
  const port = await freePort();
  const variables = { REJOINDER_DIR: dir, PORT: String(port), GATEWAY_PORT: String(await freePort()), EXIT_WITH_PARENT: "1" };
  started = await startProcess("start", variables, { run: checkout.run, project: checkout.directory });
  const [credit = "", look = ""] = [...page.matchAll(/^ {4}curl (.*)$/gm)].map(([, call = ""]) => call);
  const pathOf = (call: string): string => /^localhost:8787(\S+)/.exec(call)?.[1] ?? "";
  const headers = Object.fromEntries([...credit.matchAll(/-H '(.*?): (.*?)'/g)].map(([, name = "", value = ""]) => [name, value]));
  const origin = `http://127.0.0.1:${port}`;
  const credited = await fetch(`${origin}${pathOf(credit)}`, { method: "POST", headers, body: /-d '(.*)'/.exec(credit)?.[1] ?? "" });
  expect([credited.status, await credited.json()]).toEqual([200, { balance: 500 }]);
  const position = credited.headers.get("rejoinder-position") ?? "";
  const seen = await fetch(`${origin}${pathOf(look)}?after=${encodeURIComponent(position)}`);
  expect([seen.status, await seen.json()]).toEqual([200, { balance: 500 }]);
});
