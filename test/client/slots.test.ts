import { expect, test } from "vitest";
import { createSlots, type Slot } from "../../client/slots.ts";

test("lets half of the exchanges wait, and none while others queue", async () => {
  const slots = createSlots(4);
  const taken = await Promise.all([slots.take(), slots.take(), slots.take(), slots.take()]);
  expect(taken.map(({ mayWait }) => mayWait)).toEqual([true, true, false, false]);
  const queued = [slots.take(), slots.take()];
  taken[0]?.release();
  expect((await queued[0])?.mayWait).toBe(false);
  taken[1]?.release();
  expect((await queued[1])?.mayWait).toBe(true);
});

test("hands a slot to who came first, and nobody comes between", async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  const use = async (name: string): Promise<Slot> => {
    const slot = await slots.take();
    order.push(name);
    return slot;
  };
  const first = await use("first");
  const second = use("second");
  first.release();
  const third = use("third");
  expect(order).toEqual(["first"]);
  (await second).release();
  (await third).release();
  expect(order).toEqual(["first", "second", "third"]);
});
