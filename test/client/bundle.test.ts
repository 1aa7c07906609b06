import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as client from "../../client/index.ts";
import { bundleAlone } from "../helpers/bundle.ts";

const MAX_GZIP_BYTES = 6.5 * 1024;

test("the client is small, and nothing of anybody else's is in it", async () => {
  const { text, inputs } = await bundleAlone("client/index.ts", "es2022");
  expect(gzipSync(text).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  expect(inputs.filter((input) => !/^(client|protocol)\//.test(input))).toEqual([]);
});

test("the client exports this, and nothing else", () => {
  expect(Object.keys(client).toSorted()).toEqual(["ClientError", "createClient", "isDefined"]);
});

test("the client makes no code of text, so that a strict Content-Security-Policy lets it run", async () => {
  expect((await bundleAlone("client/index.ts", "es2022")).text).not.toMatch(/\beval\(|new Function|import\(/);
});
