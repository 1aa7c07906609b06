import { expect, test } from "vitest";
import { measureOutstanding } from "../../../bench/capacity/outstanding.ts";
import { PACES } from "../../../bench/pace.ts";
import { knowsProportionalMemory } from "../../../bench/proportional-memory.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

kafkaSuite("many requests under way at once on a cluster", ({ brokers }) => {
  test.runIf(knowsProportionalMemory)("callers of a slow handler wait at once, and get their replies", async () => {
    const { callers } = await measureOutstanding(
      { kafkaBrokers: brokers },
      { ...PACES.quick, outstanding: 50, outstandingHandlerMs: 1_000 },
      () => {},
    );
    expect(callers).toMatchObject({ mostAtOnce: 50, right: 50, wrong: {} });
  });
});
