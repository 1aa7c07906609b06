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
  [
    "no KV namespace for keys",
    (text: string) => text.replace('"public"', '"public, keys"'),
    /^AUTH names keys, and wrangler\.toml has no KV namespace KEYS/,
  ],
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

test("API keys need nothing but AUTH and their namespace", async () => {
  const keys = WRANGLER.replace('"public"', '"keys"').replace(
    "[[kv_namespaces]]",
    '[[kv_namespaces]]\nbinding = "KEYS"\n\n[[kv_namespaces]]',
  );
  expect(wrongIn(await check(keys))).toEqual([]);
});

test("what an environment does not set is told, and what it may have meant", async () => {
  const findings = await check(`${WRANGLER}\n[env.live]\n[env.live.vars]\nMAILBOX_SHARD = "8"\n`, "live");
  expect(wrongIn(findings)).toEqual([expect.stringContaining("REPLIES"), expect.stringContaining("MAILBOX")]);
  const notes = findings.filter(({ kind }) => kind === "note").map(({ text, mend }) => `${text} ${mend}`);
  expect(notes).toContain("Nothing reads the variable MAILBOX_SHARD of [env.live.vars]. Did you mean MAILBOX_SHARDS?");
  expect(notes.join("\n")).toMatch(/AUTH is not set: the Worker refuses every request.*\n.*npx wrangler secret put NAME --env live/);
});

test("brokers that a Worker on Cloudflare will not reach are told, and others are not", async () => {
  const brokers = ["10.0.0.7:9092", "kafka-1:9092", "broker.svc.cluster.local:9092", "[fd00::1]:9092", "172.20.1.1:9092"];
  const notesOn = async (addresses: readonly string[]) =>
    (await check(WRANGLER.replace("AUTH", `KAFKA_BROKERS = "${addresses.join(", ")}"\nAUTH`))).filter(({ kind }) => kind !== "ok");
  const [found, ...others] = await notesOn(["broker.example.com:9092", ...brokers]);
  expect(others).toEqual([]);
  expect(found?.kind).toBe("note");
  expect(found?.text).toContain(`${brokers.map((broker) => broker.replace(/:\d+$/, "")).join(", ")} of KAFKA_BROKERS look private`);
  expect(await notesOn(["broker.example.com:9092", "172.15.0.1:9092", "8.8.8.8:9092"])).toEqual([]);
});

test("the password of a cluster does not belong in wrangler.toml", async () => {
  const login = 'KAFKA_BROKERS = "b.example.com:9092"\nKAFKA_SASL_MECHANISM = "PLAIN"\nKAFKA_USERNAME = "u"\n';
  const findings = await check(WRANGLER.replace("AUTH", `${login}AUTH`));
  expect(findings.map(({ text }) => text).join("\n")).toContain("does not set KAFKA_PASSWORD");
  const inSight = await check(WRANGLER.replace("AUTH", `${login}KAFKA_PASSWORD = "p"\nAUTH`));
  expect(wrongIn(inSight)).toEqual([expect.stringContaining("contains the secret KAFKA_PASSWORD")]);
});

test("what wrangler cannot read is told in its words", async () => {
  await expect(check("name = ")).rejects.toThrow(/wrangler cannot read .*wrangler\.toml:\n/);
});
