import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import * as client from "../../client/index.ts";
import { ROOT } from "../../tools/root.ts";

const MAX_GZIP_BYTES = 3 * 1024;

const bundle = async () => {
  const result = await build({
    entryPoints: ["client/index.ts"],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
  });
  return { text: result.outputFiles[0]?.text ?? "", inputs: Object.keys(result.metafile.inputs) };
};

test("the client is small, and nothing of anybody else's is in it", async () => {
  const { text, inputs } = await bundle();
  expect(gzipSync(text).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  expect(inputs.filter((input) => !/^(client|protocol)\//.test(input))).toEqual([]);
});

test("the client exports this, and nothing else", () => {
  expect(Object.keys(client).toSorted()).toEqual(["ClientError", "createClient", "isDefined"]);
});

test("the client makes no code of text, so that a strict Content-Security-Policy lets it run", async () => {
  expect((await bundle()).text).not.toMatch(/\beval\(|new Function|import\(/);
});
