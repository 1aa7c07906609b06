import { afterEach, beforeEach, expect, test } from "vitest";
import type { Finding } from "../../../cli/doctor/finding.ts";
import { checkProject } from "../../../cli/doctor/project-check.ts";
import { contract } from "../../project/app/contract.ts";
import { createProject, type TestProject, WRANGLER } from "../fixtures/project.ts";

let project: TestProject;
beforeEach(() => {
  project = createProject();
});
afterEach(() => project.remove());

const check = async (wrangler: string, environment?: string): Promise<readonly Finding[]> => {
  project.write("wrangler.toml", wrangler);
  return checkProject({ root: project.root, contract, environment });
};
const wrongIn = (findings: readonly Finding[]): readonly string[] => findings.flatMap(({ kind, text }) => (kind === "wrong" ? text : []));

test("a project that is as it should be has nothing wrong", async () => {
  expect(wrongIn(await check(WRANGLER))).toEqual([]);
});

test.each([
  ["no KV namespace", (text: string) => text.replace('binding = "REPLIES"', 'binding = "OTHER"'), /no KV namespace REPLIES/],
  ["no Durable Object", (text: string) => text.replace('name = "MAILBOX"', 'name = "OTHER"'), /no Durable Object MAILBOX/],
  ["no migration", (text: string) => text.replace('["Mailbox"]', '["Other"]'), /No migration .* makes the Durable Object Mailbox/],
  ["a variable that is wrong", (text: string) => text.replace('"public"', '"everybody"'), /^AUTH: Expected public/],
  [
    "a secret in plain sight",
    (text: string) => text.replace("AUTH", 'REPLY_SECRET = "whsec_x"\nAUTH'),
    /contains the secret REPLY_SECRET: everybody/,
  ],
])("%s is found, with what to do", async (_, change, problem) => {
  const findings = await check(change(WRANGLER));
  const [found, ...others] = findings.filter(({ text }) => problem.test(text));
  expect([found?.kind, others]).toEqual(["wrong", []]);
  expect(found?.mend).toMatch(/\w/);
});

test("what an environment does not set is told, and what it may have meant", async () => {
  const findings = await check(`${WRANGLER}\n[env.live]\n[env.live.vars]\nMAILBOX_SHARD = "8"\n`, "live");
  expect(wrongIn(findings)).toEqual([expect.stringContaining("REPLIES"), expect.stringContaining("MAILBOX")]);
  const notes = findings.filter(({ kind }) => kind === "note").map(({ text, mend }) => `${text} ${mend}`);
  expect(notes).toContain("Nothing reads the variable MAILBOX_SHARD of [env.live.vars]. Did you mean MAILBOX_SHARDS?");
  expect(notes.join("\n")).toMatch(/AUTH is not set: the Worker refuses every request.*\n.*npx wrangler secret put NAME --env live/);
});

test("what wrangler cannot read is told in its words", async () => {
  await expect(check("name = ")).rejects.toThrow(/wrangler cannot read .*wrangler\.toml:\n/);
});
