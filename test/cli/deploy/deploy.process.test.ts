import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Served, serve } from "../../helpers/served.ts";
import { createProject, type TestProject, WRANGLER } from "../fixtures/project.ts";
import { callCommand, type Called } from "../run-command.ts";

let project: TestProject;
let api: Served;
/** What wrangler asked of Cloudflare: method and path. */
let asked: string[];
/** The secrets that Cloudflare has of the Worker; undefined: there is no such Worker. */
let secrets: Map<string, string> | undefined;

beforeEach(async () => {
  project = createProject();
  asked = [];
  secrets = undefined;
  api = await serve(async (request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const body = await text(request);
    asked.push(`${request.method} ${path}`);
    const [status, result, errors] = answer(request.method ?? "", path, body);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ success: status < 400, errors: errors ?? [], messages: [], result }));
  });
});
afterEach(() => {
  api.close();
  project.remove();
});

/** As much of Cloudflare's API as secrets need; a deployment is refused. */
const answer = (method: string, path: string, body: string): [status: number, result: unknown, errors?: unknown] => {
  if (path.endsWith("/secrets") && method === "GET")
    return secrets === undefined
      ? [404, null, [{ code: 10_007, message: "This Worker does not exist on your account." }]]
      : [200, [...secrets.keys()].map((name) => ({ name, type: "secret_text" }))];
  if (path.endsWith("/secrets") && method === "PUT") {
    if (secrets === undefined) return [404, null, [{ code: 10_007, message: "This Worker does not exist on your account." }]];
    const { name, text: secret } = JSON.parse(body) as { name: string; text: string };
    secrets.set(name, secret);
    return [200, { name, type: "secret_text" }];
  }
  if (path.endsWith("/workers/scripts/mine") && method === "PUT" && secrets === undefined) {
    secrets = new Map();
    return [200, { id: "mine" }];
  }
  return [403, null, [{ code: 10_000, message: "Not in this test" }]];
};

const deploy = (args: readonly string[] = [], variables: Record<string, string> = {}): Promise<Called> =>
  callCommand(["deploy", ...args], {
    cwd: project.root,
    variables: { HOME: project.root, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_API_BASE_URL: api.url, ...variables },
  });
const LOGIN = { CLOUDFLARE_API_TOKEN: "token", CLOUDFLARE_ACCOUNT_ID: "account" };

test("--dry-run checks and builds without a login, and asks nobody", async () => {
  const { code, stdout } = await deploy(["--dry-run"]);
  expect([code, asked]).toEqual([0, []]);
  expect(stdout).toContain("$ wrangler deploy --dry-run --env=\n");
  expect(stdout).toContain("Nothing was deployed (--dry-run).");
});

test("without a login it says how to log in", async () => {
  const { code, stderr } = await deploy();
  expect(code).toBe(1);
  expect(stderr).toContain("Nobody is logged in to Cloudflare. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
});

test("what is wrong with the project is said before anything is asked or changed", async () => {
  project.write("wrangler.toml", WRANGLER.replace('binding = "REPLIES"', 'binding = "OTHER"'));
  const { code, stdout, stderr } = await deploy([], LOGIN);
  expect([code, asked]).toEqual([1, []]);
  expect(stdout).toContain("wrong  wrangler.toml has no KV namespace REPLIES");
  expect(stderr).toContain("Nothing was deployed. Correct what is wrong above first.");
});

test("secrets that the Worker lacks are made, shown nowhere, and kept for the consumer", async () => {
  const { code, stdout, stderr } = await deploy([], LOGIN);
  expect(code).toBe(1);
  expect(stderr).toContain("The Worker was not deployed. wrangler says why above.");
  expect([...(secrets?.keys() ?? [])].toSorted()).toEqual(["CORRELATION_SECRET", "REPLY_SECRET"]);
  const file = join(project.root, ".rejoinder/deploy/default.env");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const [name, secret] of secrets ?? []) {
    expect(readFileSync(file, "utf8")).toContain(`${name}=${secret}\n`);
    expect(stdout + stderr).not.toContain(secret);
    expect(stdout).toContain(`$ wrangler secret put ${name} --env=\n`);
  }
});

test("secrets that the Worker has are left alone", async () => {
  secrets = new Map([
    ["CORRELATION_SECRET", "1:its own"],
    ["REPLY_SECRET", "its own"],
  ]);
  const { stdout } = await deploy([], LOGIN);
  expect(stdout).not.toContain("$ wrangler secret put");
  expect(secrets.get("REPLY_SECRET")).toBe("its own");
});
