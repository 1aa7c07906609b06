import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readStartConfig } from "../../cli/config.ts";

test("without any setting the page is at port 8787, the gateway one above, and the data in .rejoinder", () => {
  expect(readStartConfig({})).toEqual({
    port: 8787,
    gatewayPort: 8788,
    directory: resolve(".rejoinder"),
    kafkaBrokers: undefined,
    exitWithParent: false,
  });
});

test("the gateway follows PORT unless GATEWAY_PORT says otherwise", () => {
  expect(readStartConfig({ PORT: "9000" }).gatewayPort).toBe(9001);
  expect(readStartConfig({ PORT: "9000", GATEWAY_PORT: "7000" }).gatewayPort).toBe(7000);
});

test("all wrong settings are named at once", () => {
  expect(() => readStartConfig({ PORT: "http", GATEWAY_PORT: "65536" })).toThrow(/PORT: [\s\S]*GATEWAY_PORT: /);
});
