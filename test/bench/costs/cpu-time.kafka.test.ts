import { expect, test } from "vitest";
import { measureCpuTime } from "../../../bench/costs/cpu-time.ts";
import { knowsThreadTimes } from "../../../bench/costs/thread-times.ts";
import { givenKafka } from "../../../bench/kafka/broker.ts";
import { PACES } from "../../../bench/pace.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";

kafkaSuite("the processor time of the path on a cluster", ({ brokers }) => {
  test.runIf(knowsThreadTimes)("that of each process is told, but of a cluster that somebody else started", async () => {
    const pace = { ...PACES.quick, rounds: 1, peerWarmUpMs: 100 };
    const rounds = await measureCpuTime(givenKafka(brokers), pace, () => {});
    expect(rounds.map(({ connections }) => connections)).toEqual([1, 32, 128]);
    for (const { requests, used } of rounds) {
      expect(requests).toBeGreaterThan(0);
      expect(used.map(({ name }) => name)).toEqual(["load generator", "workerd", "Worker's process", "gateway", "consumer"]);
      expect(used.find(({ name }) => name === "workerd")?.ns).toBeGreaterThan(0);
    }
  });
});
