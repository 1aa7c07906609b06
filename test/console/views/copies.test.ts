import { execFileSync } from "node:child_process";
import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { createEntry } from "../../../console/requests/entry.ts";
import { codeOf, curlOf } from "../../../console/views/copies.ts";

const entry = (request: unknown) => createEntry({ id: "1", traceparent: "", operation: "echo", request, sentAt: 0, isOneOfMany: false });

const OPEN = { origin: "http://localhost:8787", isSignedIn: false };

test("a command for a shell has every request in it as one word, whatever it says", () => {
  assert(
    property(jsonValue(), (request) => {
      const command = curlOf(entry(request), OPEN).replace("curl", "printf '%s\\n'");
      const words = execFileSync("sh", ["-c", command], { encoding: "utf8" });
      expect(words).toBe(
        [
          "http://localhost:8787/requests/echo",
          "-H",
          "content-type: application/json",
          "-H",
          "prefer: wait=25",
          "-d",
          JSON.stringify(request),
          "",
        ].join("\n"),
      );
    }),
    { numRuns: 40 },
  );
});

test("code has the request in it as it was sent", () => {
  expect(codeOf(entry({ text: "it's" }), OPEN)).toContain('client.request("echo", {\n  "text": "it\'s"\n})');
});

test("where somebody has signed in, a variable stands for the key", () => {
  const signedIn = { ...OPEN, isSignedIn: true };
  expect(curlOf(entry(1), signedIn)).toContain('-H "authorization: Bearer $REJOINDER_KEY"');
  expect(codeOf(entry(1), signedIn)).toContain("headers: { authorization: `Bearer ${process.env.REJOINDER_KEY}` }");
});
