import { expect, test } from "vitest";
import { createMailboxClock } from "../../consumer/mailbox-clock.ts";
import { createManualTime } from "../helpers/manual-time.ts";
import { createRecordedLog } from "./log.ts";

const setUp = () => {
  const time = createManualTime();
  const log = createRecordedLog();
  const clock = createMailboxClock({ time, log });
  return { time, clock, log, differenceMs: () => clock.time.now() - time.now() };
};

/** The mailbox is asked, and answers after a while with its time in the middle of it. */
const welcome = ({ time, clock }: ReturnType<typeof setUp>, differenceMs: number, roundTripMs = 20): void => {
  const sentAt = time.now();
  time.advance(roundTripMs);
  clock.welcomed(sentAt + roundTripMs / 2 + differenceMs, sentAt);
};

test("without news it is this machine's clock", () => {
  expect(setUp().differenceMs()).toBe(0);
});

test.each([-600_000, -3_000, 3_000, 600_000])("a welcome tells a difference of %i ms by the middle of its way", (differenceMs) => {
  const stage = setUp();
  welcome(stage, differenceMs);
  expect(stage.differenceMs()).toBe(differenceMs);
  expect(stage.log.lines).toMatchObject([{ level: "warn", differenceSeconds: differenceMs / 1_000 }]);
});

test("a clock that may be right is left alone", () => {
  const stage = setUp();
  welcome(stage, 9, 20);
  expect(stage.differenceMs()).toBe(0);
  expect(stage.log.lines).toEqual([]);
});

test("a welcome that was quicker is believed, and a slower one only if the clock has changed", () => {
  const stage = setUp();
  welcome(stage, 60_000, 2_000);
  welcome(stage, 60_300, 20);
  expect(stage.differenceMs()).toBe(60_300);
  welcome(stage, 60_000, 2_000);
  expect(stage.differenceMs()).toBe(60_300);
  welcome(stage, 90_000, 2_000);
  expect(stage.differenceMs()).toBe(90_000);
});

test("the log says how far off the clock is once, and again when that has changed much", () => {
  const stage = setUp();
  for (const differenceMs of [60_000, 60_900, 59_100, 0]) welcome(stage, differenceMs);
  expect(stage.log.lines.map(({ differenceSeconds }) => differenceSeconds)).toEqual([60, 0]);
});

test("the date of an answer counts until the mailbox has told its time, and when it refuses a signature", () => {
  const stage = setUp();
  const { time, clock } = stage;
  const dated = (differenceMs: number, refused?: "refused"): void =>
    clock.dated(new Date(time.now() + differenceMs).toUTCString(), time.now(), refused);
  dated(600_000);
  expect(stage.differenceMs()).toBe(600_500);
  welcome(stage, 600_000);
  expect(stage.differenceMs()).toBe(600_000);
  dated(0);
  expect(stage.differenceMs()).toBe(600_000);
  dated(0, "refused");
  expect(Math.abs(stage.differenceMs())).toBeLessThan(1_000);
});

test.each([-600_000, -1_500, 1_500, 600_000])("when this machine's clock is set by %i ms, the Worker's goes on as before", (stepMs) => {
  const stage = setUp();
  const { time, clock } = stage;
  welcome(stage, 60_000);
  const before = clock.time.now();
  time.step(stepMs);
  time.advance(10);
  expect(clock.time.now()).toBe(before + 10);
  expect(stage.log.lines).toHaveLength(Math.abs(stepMs) > 2_000 ? 2 : 1);
});

test("a clock that is set before the Worker has told its time is believed", () => {
  const { time, clock } = setUp();
  time.step(600_000);
  expect(clock.time.now()).toBe(time.now());
});

test.each([-600_000, 600_000])("a welcome is read rightly whose way a step of %i ms has crossed", (stepMs) => {
  const { time, clock } = setUp();
  const sentAt = time.now();
  time.advance(10);
  const theirTime = time.now() + 60_000;
  time.step(stepMs);
  time.advance(10);
  clock.welcomed(theirTime, sentAt);
  expect(clock.time.now()).toBe(theirTime + 10);
});

test("after a step the next welcome is believed, however slow it was", () => {
  const stage = setUp();
  const { time } = stage;
  welcome(stage, 60_000);
  time.step(600_000);
  // As after a sleep of the machine, in which its clock has run on, and the other one has not.
  welcome(stage, 60_000, 2_000);
  expect(stage.differenceMs()).toBe(60_000);
});

test("a date that is none says nothing", () => {
  const stage = setUp();
  for (const date of [undefined, "", "yesterday"]) stage.clock.dated(date, stage.time.now(), "refused");
  expect(stage.differenceMs()).toBe(0);
});
