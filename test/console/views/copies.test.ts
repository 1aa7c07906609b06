import { execFileSync } from "node:child_process";
import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { createEntry } from "../../../console/requests/entry.ts";
import { codeOf, curlOf } from "../../../console/views/copies.ts";

const entry = (request: unknown) => createEntry({ id: "1", traceparent: "", operation: "echo", request, sentAt: 0, isOneOfMany: false });

test("a command for a shell has every request in it as one word, whatever it says", () => {
  assert(
    property(jsonValue(), (request) => {
      const command = curlOf(entry(request), "http://localhost:8787").replace("curl", "printf '%s\\n'");
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
  expect(codeOf(entry({ text: "it's" }), "http://localhost:8787")).toContain('client.request("echo", {\n  "text": "it\'s"\n})');
});
