import { expect, test } from "vitest";
import { readLetterFilter } from "../../../cli/dead-letters/letter-arguments.ts";
import { newCorrelationId } from "../../consumer/requests.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");

test.each([
  ["2026-11-28T09:00:00Z", "2026-11-28T09:00:00Z"],
  ["2026-11-28T10:00:00.5+01:00", "2026-11-28T09:00:00.5Z"],
  ["45s", "2026-11-28T11:59:15Z"],
  ["30m", "2026-11-28T11:30:00Z"],
  ["2h", "2026-11-28T10:00:00Z"],
  ["7d", "2026-11-21T12:00:00Z"],
])("--since %s means %s", (text, time) => {
  expect(readLetterFilter(undefined, { since: text }, NOW)).toEqual({ since: Date.parse(time) });
});

test.each(["yesterday", "2026-11-28", "2", "2w", "-2h", "2026-13-28T09:00:00Z"])(
  "--until %s is refused, with examples of what is not",
  (text) => {
    expect(() => readLetterFilter(undefined, { until: text }, NOW)).toThrow(
      `Expected --until to be a time such as 2026-01-31T08:00:00Z, or how long ago such as 2h, got "${text}".`,
    );
  },
);

test("a letter is named by its place, or by the correlation ID of its request", () => {
  expect(readLetterFilter("requests-dlt/0/17", {}, NOW)).toMatchObject({ at: [{ topic: "requests-dlt", partition: 0, offset: 17 }] });
  const id = newCorrelationId();
  expect(readLetterFilter(id, {}, NOW)).toMatchObject({ correlationId: id });
});

test.each(["requests/0/17", "requests-dlt/0", "requests-dlt/0/x", "requests-dlt/0/1/2", "a b-dlt/0/1", "nonsense"])(
  "%s names no dead letter",
  (text) => {
    expect(() => readLetterFilter(text, {}, NOW)).toThrow(/^Expected a dead letter as list shows it, topic-dlt\/partition\/offset, or a /);
  },
);
