import { expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";

test("without arguments all is measured, for the numbers to be quoted", () => {
  expect(readArguments([])).toEqual({ quick: false, halves: ["path", "gateway"], fileName: "latest.json" });
});

test.each(["path", "gateway"])("one half alone leaves the results of both as they are: %s", (half) => {
  expect(readArguments(["--only", half])).toEqual({ quick: false, halves: [half], fileName: `${half}.json` });
});

test("a quick run never replaces numbers to be quoted", () => {
  expect(readArguments(["--quick"]).fileName).toBe("quick.json");
  expect(readArguments(["--quick", "--only", "gateway"])).toEqual({ quick: true, halves: ["gateway"], fileName: "quick.json" });
});

test("what is not known is refused", () => {
  expect(() => readArguments(["--only", "worker"])).toThrow('Expected --only to be one of path, gateway, got "worker"');
  expect(() => readArguments(["--fast"])).toThrow(TypeError);
});
