import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createCommitFold } from "../../protocol/commit-fold.ts";
import { readCommitLink } from "../../protocol/commit-record.ts";

const hasJava = spawnSync("java", ["--version"]).status === 0;
if (!hasJava) console.warn("There is no java: the reader in docs/reading-events.md is NOT compared with ours.");

/** The lines of the page, as they stand there. */
const PAGE = new URL("../../docs/reading-events.md", import.meta.url);
const readPage = (): string => /```java\n(?<code>.*?)```/s.exec(readFileSync(PAGE, "utf8"))?.groups?.["code"] ?? "";

/** A program around them: a record a line, `key commit after` in base64, `-` for null and `!` for a header that is missing. It prints 1 for each that counts. */
const program = (code: string): string => `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Reading {
  record Header(byte[] value) {}
  record Headers(Map<String, Header> headers) { Header lastHeader(String name) { return headers.get(name); } }
  record ConsumerRecord<K, V>(K key, V value, Headers headers) {}
  static byte[] bytes(String text) { return text.equals("-") ? null : Base64.getDecoder().decode(text.substring(1)); }
  ${code}
  public static void main(String[] arguments) throws IOException {
    Reading reader = new Reading();
    StringBuilder out = new StringBuilder();
    for (String line : new BufferedReader(new InputStreamReader(System.in)).lines().toList()) {
      String[] parts = line.split(" ");
      Map<String, Header> headers = new HashMap<>();
      if (!parts[1].equals("!")) headers.put("commit", new Header(bytes(parts[1])));
      if (!parts[2].equals("!")) headers.put("after", new Header(bytes(parts[2])));
      String key = parts[0].equals("-") ? null : new String(bytes(parts[0]), StandardCharsets.UTF_8);
      out.append(reader.counts(new ConsumerRecord<>(key, "[]", new Headers(headers))) ? '1' : '0');
    }
    System.out.print(out);
  }
}
`;

type Line = { readonly key: string | null; readonly commit: HeaderValue; readonly after: HeaderValue };
/** Undefined: there is no such header. */
type HeaderValue = Uint8Array | null | undefined;

const rubbish = fc.oneof(
  fc.constantFrom(null, undefined),
  fc.uint8Array({ maxLength: 3 }),
  fc.constantFrom("", "c 1", "c1\n", "é", "x".repeat(65)).map((text) => Buffer.from(text)),
);
const id = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("c1", "c2", "c3", "c4").map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: rubbish },
);
const first = fc.constant(Buffer.from(""));
const LOG: fc.Arbitrary<Line[]> = fc.array(
  fc.record({
    key: fc.oneof({ weight: 8, arbitrary: fc.constantFrom("ada", "bob") }, { weight: 1, arbitrary: fc.constantFrom(null, "", "ü/🙂") }),
    commit: id,
    after: fc.oneof({ weight: 1, arbitrary: first }, { weight: 3, arbitrary: id }),
  }),
  { maxLength: 40 },
);

const base64 = (bytes: HeaderValue): string =>
  bytes === undefined ? "!" : bytes === null ? "-" : `+${Buffer.from(bytes).toString("base64")}`;

/** What our own reader makes of a log. */
const countsOf = (log: readonly Line[]): string => {
  const fold = createCommitFold();
  return log
    .map(({ key, commit, after }) => {
      const headers = Object.entries({ commit, after }).flatMap(([name, value]) => (value === undefined ? [] : [{ key: name, value }]));
      try {
        return fold.add(readCommitLink({ key, headers })) ? "1" : "0";
      } catch {
        return "0";
      }
    })
    .join("");
};

test.runIf(hasJava)("the reader in the documents finds the same commits as ours in any log, also with rubbish in it", () => {
  // Each log has keys of its own, so that one run of Java reads all of them.
  const logs = fc
    .sample(LOG, 3_000)
    .map((log, index) => log.map((line) => ({ ...line, key: line.key === null || line.key === "" ? line.key : `${line.key}-${index}` })));
  const directory = mkdtempSync(join(tmpdir(), "reading-events-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "Reading.java");
  writeFileSync(file, program(readPage()));

  const lines = logs
    .flat()
    .map(({ key, commit, after }) => [base64(key === null ? null : Buffer.from(key)), base64(commit), base64(after)].join(" "));
  const { stdout, stderr } = spawnSync("java", [file], { input: `${lines.join("\n")}\n`, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });

  expect(stderr).toBe("");
  const ours = logs.map(countsOf).join("");
  expect(ours).toContain("11");
  expect(stdout).toBe(ours);
});
