import { expect, test } from "vitest";
import { problemsOf } from "../../cli/doctor/project-check.ts";
import { readReplyKey } from "../../cli/reply-key.ts";

test("the newest of two secrets signs, and none or a wrong one is named", () => {
  const [one, other] = ["x", "y"].map((letter) => letter.repeat(32)) as [string, string];
  expect(Buffer.from(readReplyKey({ REPLY_SECRET: `whsec_${btoa(one)},whsec_${btoa(other)}` })).toString()).toBe(one);
  expect(problemsOf(() => readReplyKey({}))).toEqual([expect.stringMatching(/^REPLY_SECRET is not set: /)]);
  expect(problemsOf(() => readReplyKey({ REPLY_SECRET: "short" }))).toEqual([expect.stringMatching(/^REPLY_SECRET: Expected whsec_/)]);
});
