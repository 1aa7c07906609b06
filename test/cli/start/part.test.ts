import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createPart, type PartOptions } from "../../../cli/start/part.ts";
import { until } from "../../helpers/stack.ts";

const STAND_IN = fileURLToPath(new URL("../fixtures/stand-in.ts", import.meta.url));

/** A part that behaves so each time that it is started; see stand-in.ts. The last behaviour repeats. */
const createStandIn = (behaviours: readonly string[], options: Partial<PartOptions> = {}) => {
  const children: ChildProcess[] = [];
  const said: string[] = [];
  const part = createPart({
    name: "consumer",
    say: (line) => void said.push(line),
    pause: { next: () => 1 },
    spawn: () => {
      const child = fork(STAND_IN, ["consumer", behaviours[children.length] ?? behaviours.at(-1) ?? ""], {
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      });
      children.push(child);
      return child;
    },
    ...options,
  });
  return { part, children, said };
};

test("a part that ends again and again is started again each time, with what its pauses are told", async () => {
  const upForMs: number[] = [];
  let clock = 0;
  const { part, children, said } = createStandIn(["mortal", "mortal", "mortal", ""], {
    now: () => (clock += 1_000),
    pause: { next: (upFor) => (upForMs.push(upFor), 1) },
  });
  await part.start();
  await until(() => children.length === 4 && said.at(-1) === "the consumer is back");
  expect(upForMs).toEqual([1_000, 1_000, 1_000]);
  expect(said[0]).toBe("the consumer ended (exit code 3), starting it again in 1 ms");
  await part.stop(5_000);
});

test("what a part left behind is cleaned up before it is started again, not before the first start", async () => {
  const order: string[] = [];
  const { part, children } = createStandIn(["mortal", ""], {
    beforeRestart: async () => void order.push(`after ${children.length} starts`),
  });
  await part.start();
  await until(() => children.length === 2);
  expect(order).toEqual(["after 1 starts"]);
  await part.stop(5_000);
});

test("a part that is stopped during its pause is not started again", async () => {
  const { part, children, said } = createStandIn(["mortal"], { pause: { next: () => 3_600_000 } });
  await part.start();
  await until(() => said.length === 1);
  await part.stop(5_000);
  expect(children.length).toBe(1);
});

test("a part that was stopped before its turn to start does not start", async () => {
  const { part, children } = createStandIn([""]);
  await part.stop(5_000);
  await expect(part.start()).rejects.toThrow("The consumer was stopped before it was started");
  expect(children.length).toBe(0);
});

test("a part that ends before it was ready once is not tried again", async () => {
  const { part, children } = createStandIn(["broken"]);
  await expect(part.start()).rejects.toThrow("The consumer ended (exit code 1) before it was ready");
  await part.stop(5_000);
  expect(children.length).toBe(1);
});
