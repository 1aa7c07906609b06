import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readStartConfig } from "../../cli/config.ts";

test("without any setting no port is named, and the data is in .rejoinder", () => {
  expect(readStartConfig({})).toEqual({
    port: undefined,
    gatewayPort: undefined,
    directory: resolve(".rejoinder"),
    kafkaBrokers: undefined,
    exitWithParent: false,
  });
});

test("all wrong settings are named at once", () => {
  expect(() => readStartConfig({ PORT: "http", GATEWAY_PORT: "65536" })).toThrow(/PORT: [\s\S]*GATEWAY_PORT: /);
});
