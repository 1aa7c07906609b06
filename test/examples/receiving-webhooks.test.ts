import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../tools/root.ts";
import { readSigningKey, type SigningKey, writeSigningKey } from "../../worker/webhooks/signing-key.ts";
import { createWebhookKeys } from "../../worker/webhooks/webhook-keys.ts";

const document = readFileSync(join(ROOT, "docs/receiving-webhooks.md"), "utf8");
/** The code below a bold word. */
const codeOf = (language: string): string => {
  const [, code = ""] = new RegExp(`\\*\\*${language}\\*\\*[^\\n]*\\n\\n((?:(?: {4}.*)?\\n)+)`).exec(document) ?? [];
  return code.replaceAll(/^ {4}/gm, "");
};

const BODY = '{"type":"request.succeeded","text":"5€"}';
const NOW = 1_767_225_600;
let folder: string;
/** What the code of each language is asked, and what it has to say. */
let cases: readonly {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly keys: readonly string[];
  readonly genuine: boolean;
}[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rejoinder-receiver-"));
  const [own, other] = await Promise.all([writeSigningKey(new Uint8Array(32).fill(1)), writeSigningKey(new Uint8Array(32).fill(2))]);
  const sign = (keys: readonly { readonly signingKey: string }[], timestampSeconds = NOW) =>
    createWebhookKeys({
      WEBHOOK_SECRET: [new Uint8Array(32)],
      WEBHOOK_SIGNING_KEY: keys.map(({ signingKey }) => readSigningKey(signingKey) as SigningKey),
    })?.sign({ id: "msg_1", timestampSeconds, body: new TextEncoder().encode(BODY) }) ?? Promise.reject(new Error("no keys"));
  const headers = { ...(await sign([own])) };
  const keys = [own.publicKey];
  cases = [
    { headers, body: BODY, keys, genuine: true },
    { headers: { ...(await sign([other, own])) }, body: BODY, keys, genuine: true },
    { headers, body: BODY, keys: [other.publicKey, own.publicKey], genuine: true },
    { headers, body: BODY, keys: [other.publicKey], genuine: false },
    { headers, body: `${BODY} `, keys, genuine: false },
    { headers: { ...headers, "webhook-id": "msg_2" }, body: BODY, keys, genuine: false },
    { headers: { ...headers, "webhook-timestamp": String(NOW + 1) }, body: BODY, keys, genuine: false },
    { headers: { ...(await sign([own], NOW - 301)) }, body: BODY, keys, genuine: false },
    { headers: { ...headers, "webhook-signature": "v1a,AAAA v1a, x v1a" }, body: BODY, keys, genuine: false },
    { headers: {}, body: BODY, keys, genuine: false },
  ];
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const expected = () => cases.map(({ genuine }) => genuine);
const hasPython = spawnSync("python3", ["-c", "import cryptography"]).status === 0;
const hasJava = spawnSync("java", ["--version"]).status === 0;

describe("the code of docs/receiving-webhooks.md tells a genuine webhook from any other", () => {
  test("in Node", async () => {
    writeFileSync(join(folder, "receiver.mjs"), codeOf("Node"));
    const { isGenuine } = (await import(pathToFileURL(join(folder, "receiver.mjs")).href)) as {
      isGenuine(headers: object, body: Buffer, keys: readonly string[], now: number): boolean;
    };
    expect(cases.map(({ headers, body, keys }) => isGenuine(headers, Buffer.from(body), keys, NOW))).toEqual(expected());
  });

  test.skipIf(!hasPython)("in Python", () => {
    const ask = `import json
print(json.dumps([is_genuine(c["headers"], c["body"].encode(), c["keys"], ${NOW}) for c in json.load(open("cases.json"))]))`;
    writeFileSync(join(folder, "receiver.py"), `${codeOf("Python")}\n${ask}\n`);
    expect(JSON.parse(execFileSync("python3", ["receiver.py"], { cwd: folder, encoding: "utf8" }))).toEqual(expected());
  });

  test.skipIf(!hasJava)("in Java", () => {
    const quote = (text: string): string => JSON.stringify(text);
    const asks = cases.map(({ headers, body, keys }) => {
      const entries = Object.entries(headers).flat().map(quote).join(", ");
      return `System.out.println(isGenuine(Map.of(${entries}), ${quote(body)}.getBytes("UTF-8"), List.of(${keys.map(quote).join(", ")}), ${NOW}L));`;
    });
    const main = `    public static void main(String[] none) throws Exception {\n${asks.join("\n")}\n}\n}`;
    writeFileSync(join(folder, "WebhookCheck.java"), codeOf("Java").trimEnd().replace(/\}$/, main));
    const said = execFileSync("java", ["-Dfile.encoding=UTF-8", "WebhookCheck.java"], { cwd: folder, encoding: "utf8" });
    expect(said.trim().split("\n")).toEqual(expected().map(String));
  });
});
