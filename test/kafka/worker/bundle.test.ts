import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ROOT } from "../../../tools/root.ts";

const MAX_GZIP_BYTES = 12 * 1024;

test("the producer is small enough for a Worker, and needs nothing of Node or of a library", async () => {
  const result = await build({
    entryPoints: ["worker/producers/kafka/kafka-producer.ts"],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
  });
  const text = result.outputFiles[0]?.text ?? "";
  expect(gzipSync(text).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  expect(Object.keys(result.metafile.inputs).filter((input) => !/^(worker|protocol|environment)\//.test(input))).toEqual([]);
});
