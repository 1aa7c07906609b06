import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundleAlone } from "../../helpers/bundle.ts";

const MAX_GZIP_BYTES = 12 * 1024;

test("the producer is small enough for a Worker, and needs nothing of Node or of a library", async () => {
  const { text, inputs } = await bundleAlone("worker/producers/kafka/kafka-producer.ts", "es2024");
  expect(gzipSync(text).length).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  expect(inputs.filter((input) => !/^(worker|protocol|environment)\//.test(input))).toEqual([]);
});
