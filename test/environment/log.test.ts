import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLog } from "../../environment/log.ts";

test("however many logs write to one output, it gets one listener, and its errors end nothing", () => {
  const output = new PassThrough();
  for (let count = 0; count < 20; count++) createLog({ LOG_LEVEL: "info", LOG_FORMAT: "json" }, output).info("line");
  expect(output.listenerCount("error")).toBe(1);
  expect(() => output.emit("error", new Error("the reader is gone"))).not.toThrow();
});
