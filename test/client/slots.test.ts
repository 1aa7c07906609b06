import { expect, test } from "vitest";
import { createSlots, type Slot } from "../../client/slots.ts";

const waits = (slots: readonly Slot[]): readonly number[] => slots.map(({ waitSeconds }) => waitSeconds);
const takeAll = (count: number, take: () => Promise<Slot>): Promise<Slot[]> => Promise.all(Array.from({ length: count }, take));

test("half of the exchanges wait long, and what is sent beside them waits briefly", async () => {
  const slots = createSlots(4);
  expect(waits(await takeAll(4, () => slots.take(5, "sum")))).toEqual([5, 5, 1, 1]);
});

test("nothing waits long while others queue", async () => {
  const slots = createSlots(2);
  const [first, second] = await takeAll(2, () => slots.take(5, "sum"));
  const queued = [slots.take(5, "sum"), slots.take(5, "sum"), slots.take(25), slots.take(25)];
  first?.release(true);
  second?.release(true);
  expect(waits(await Promise.all(queued.slice(0, 2)))).toEqual([1, 1]);
  (await queued[0])?.release(true);
  expect(await queued[2]).toMatchObject({ waitSeconds: 0 });
  (await queued[1])?.release(true);
  expect(await queued[3]).toMatchObject({ waitSeconds: 25 });
});

test("an operation whose waits are in vain is left one of them, and other operations all", async () => {
  const slots = createSlots(6);
  for (const slot of await takeAll(6, () => slots.take(5, "report"))) slot.release(false);
  const reports = await takeAll(3, () => slots.take(5, "report"));
  // The first three wait long, since nobody queues.
  expect(waits(reports)).toEqual([5, 5, 5]);
  expect(waits(await takeAll(2, () => slots.take(5, "report")))).toEqual([1, 0]);
  expect(await slots.take(5, "sum")).toMatchObject({ waitSeconds: 1 });
});

test("an operation whose waits pay again may wait again", async () => {
  const slots = createSlots(6);
  for (const slot of await takeAll(6, () => slots.take(5, "report"))) slot.release(false);
  for (const slot of await takeAll(3, () => slots.take(5, "report"))) slot.release(true);
  expect(waits(await takeAll(6, () => slots.take(5, "report")))).toEqual([5, 5, 5, 1, 1, 1]);
});

test("the only connection does not wait for an operation that was slow before", async () => {
  const slots = createSlots(1);
  (await slots.take(5, "report")).release(false);
  const slow = slots.take(5, "report");
  const next = slots.take(5, "sum");
  (await slow).release(false);
  expect(await next).toMatchObject({ waitSeconds: 5 });
  const [queued] = [slots.take(5, "report"), slots.take(5, "sum")];
  (await next).release(true);
  expect(await queued).toMatchObject({ waitSeconds: 0 });
});

test("hands a slot to who came first, and nobody comes between", async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  const use = async (name: string): Promise<Slot> => {
    const slot = await slots.take(5);
    order.push(name);
    return slot;
  };
  const first = await use("first");
  const second = use("second");
  first.release(true);
  const third = use("third");
  expect(order).toEqual(["first"]);
  (await second).release(true);
  (await third).release(true);
  expect(order).toEqual(["first", "second", "third"]);
});
