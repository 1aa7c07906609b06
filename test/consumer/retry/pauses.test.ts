import { expect, test } from "vitest";
import { createPauses } from "../../../consumer/retry/pauses.ts";
import { createManualTime } from "../../helpers/manual-time.ts";

const at = (partition: number) => ({ topic: "requests", partition });

const setUp = () => {
  const time = createManualTime();
  const draining = new AbortController();
  const leftOut = new Set<number>();
  const inFlight = { fullness: 0 };
  const source = {
    pause: ({ partition }: { partition: number }) => void leftOut.add(partition),
    resume: ({ partition }: { partition: number }) => void leftOut.delete(partition),
  };
  const pauses = createPauses({ source, inFlight, draining: draining.signal, time });
  const ends: string[] = [];
  const wait = (partition: number, milliseconds: number): void =>
    void pauses.wait(at(partition), time.now() + milliseconds).then((end) => ends.push(`${partition}: ${end}`));
  return { time, draining, leftOut, inFlight, pauses, ends, wait };
};

test("a pause is over when its time is, those of a partition that goes to another member before, and all when the process drains", async () => {
  const { time, draining, pauses, ends, wait } = setUp();
  wait(0, 10);
  wait(1, 20);
  wait(2, 30);
  await time.elapse(10);
  pauses.cutOff([at(1)]);
  await time.elapse(0);
  expect(ends).toEqual(["0: over", "1: cut-off"]);
  draining.abort();
  wait(3, 10);
  await time.elapse(0);
  expect(ends.slice(2)).toEqual(["2: cut-off", "3: cut-off"]);
  expect(time.timers()).toBe(0);
});

test("where half of the room in flight is taken, partitions with pauses are left out, and others go on", () => {
  const { leftOut, inFlight, pauses, wait } = setUp();
  wait(0, 10);
  wait(1, 10);
  inFlight.fullness = 0.4;
  pauses.makeRoom();
  expect([...leftOut]).toEqual([]);
  inFlight.fullness = 0.5;
  pauses.makeRoom();
  wait(2, 10);
  expect([...leftOut].toSorted()).toEqual([0, 1, 2]);
});

test("a partition is read again once nothing of it pauses, or once there is plenty of room", async () => {
  const { time, leftOut, inFlight, wait } = setUp();
  inFlight.fullness = 0.9;
  for (const milliseconds of [10, 20, 30]) wait(0, milliseconds);
  wait(1, 15);
  await time.elapse(10);
  expect([...leftOut]).toEqual([0, 1]);
  await time.elapse(5);
  expect([...leftOut]).toEqual([0]);
  inFlight.fullness = 0.2;
  await time.elapse(5);
  expect([...leftOut]).toEqual([]);
});
