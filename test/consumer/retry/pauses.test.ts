import { expect, test } from "vitest";
import { createPauses } from "../../../consumer/retry/pauses.ts";
import { createManualTime } from "../../helpers/manual-time.ts";

const at = (partition: number) => ({ topic: "requests", partition });

const setUp = () => {
  const time = createManualTime();
  const draining = new AbortController();
  const leftOut = new Set<number>();
  const inFlight = { records: 10, fullness: 0.1 };
  const source = {
    pause: ({ partition }: { partition: number }) => void leftOut.add(partition),
    resume: ({ partition }: { partition: number }) => void leftOut.delete(partition),
  };
  const pauses = createPauses({ source, inFlight, draining: draining.signal, time });
  const ends: string[] = [];
  const wait = (partition: number, milliseconds: number, behind = 0): void =>
    void pauses.wait(at(partition), time.now() + milliseconds, { behind: () => behind }).then((end) => ends.push(`${partition}: ${end}`));
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

test("where half of the room in flight is taken by what pauses and waits for it, its partitions are left out, and others go on", () => {
  const { leftOut, inFlight, pauses, wait } = setUp();
  const taken = () => {
    for (const partition of [0, 1, 2]) pauses.makeRoom(at(partition));
  };
  wait(0, 10, 40);
  wait(1, 10, 7);
  Object.assign(inFlight, { records: 100, fullness: 1 });
  taken();
  // Full, but mostly of what is at work.
  expect([...leftOut]).toEqual([]);
  wait(1, 10, 1);
  taken();
  expect([...leftOut].toSorted()).toEqual([0, 1]);
});

test("a partition is read again once nothing of it pauses, or once there is plenty of room", async () => {
  const { time, leftOut, inFlight, wait } = setUp();
  Object.assign(inFlight, { records: 100, fullness: 1 });
  wait(0, 10, 29);
  wait(0, 30, 9);
  wait(1, 15, 19);
  wait(0, 20, 0);
  wait(1, 40, 9);
  await time.elapse(9);
  expect([...leftOut].toSorted()).toEqual([0, 1]);
  await time.elapse(1);
  // Of 100 records, 41 wait.
  expect([...leftOut].toSorted()).toEqual([0, 1]);
  await time.elapse(5);
  expect([...leftOut]).toEqual([]);
});
