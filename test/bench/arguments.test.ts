import { expect, test } from "vitest";
import { readArguments } from "../../bench/arguments.ts";

test("without arguments all is measured, for the numbers to be quoted", () => {
  expect(readArguments([])).toEqual({ quick: false, sections: ["path", "gateway", "kafka"], fileName: "latest.json" });
});

test.each(["path", "gateway", "kafka"])("one section alone leaves the results of all as they are: %s", (section) => {
  expect(readArguments(["--only", section])).toEqual({ quick: false, sections: [section], fileName: `${section}.json` });
});

test("a quick run never replaces numbers to be quoted", () => {
  expect(readArguments(["--quick"]).fileName).toBe("quick.json");
  expect(readArguments(["--quick", "--only", "gateway"])).toEqual({ quick: true, sections: ["gateway"], fileName: "quick.json" });
});

test("what is not known is refused", () => {
  expect(() => readArguments(["--only", "worker"])).toThrow('Expected --only to be one of path, gateway, kafka, got "worker"');
  expect(() => readArguments(["--fast"])).toThrow(TypeError);
});
