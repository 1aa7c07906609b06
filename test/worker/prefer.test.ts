import { expect, test } from "vitest";
import { readPrefer } from "../../worker/prefer.ts";

test.each([
  [null, undefined, false],
  ["", undefined, false],
  ["wait=10", 10, false],
  ["respond-async", undefined, true],
  ["respond-async, wait=10", 10, true],
  ["WAIT=7, Respond-Async", 7, true],
  ["wait = 5", 5, false],
  ['wait="12"', 12, false],
  ['foo; a="x,y;wait=9", wait=3', 3, false],
  ['foo="\\"wait=9, wait=8", wait=4', 4, false],
  ["wait=1, wait=2", 1, false],
  ["wait=10; foo=bar", 10, false],
  ["respond-async; foo, handling=lenient", undefined, true],
  ["wait=0", 0, false],
  ["wait", undefined, false],
  ["wait=", undefined, false],
  ["wait=-1", undefined, false],
  ["wait=1.5", undefined, false],
  ["wait=ten", undefined, false],
  ["wait=99999999999", undefined, false],
  [",, ;=, @@@ , wait=2", 2, false],
])("reads Prefer: %s", (field, waitSeconds, respondAsync) => {
  expect(readPrefer(field)).toEqual({ waitSeconds, respondAsync });
});
