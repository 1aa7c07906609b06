import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../helpers/stack.ts";
import { produceOne, readRecords } from "./round-trip.ts";
import { startKafka } from "./start-kafka.ts";
import { kafkaSuite } from "./suite.ts";
import { createTopic } from "./topics.ts";

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

kafkaSuite("the shared broker", ({ brokers }) => {
  test("a record that was produced comes back", async () => {
    const topic = await createTopic(brokers, "round-trip", 1);
    await produceOne(brokers, topic, "hello");
    expect((await readRecords(brokers, topic, 1)).map(({ value }) => String(value))).toEqual(["hello"]);
  });
});

kafkaSuite(
  "clusters of a suite",
  () => {
    test("one node of three can be killed and come back, and nothing is left when the cluster is removed", async () => {
      const kafka = await startKafka({ nodes: 3 });
      const pids = new Set(kafka.nodes.map(({ pid }) => pid));
      try {
        const topic = await createTopic(kafka.brokers, "survivor", 3);
        await produceOne(kafka.brokers, topic, "before");
        const [node] = kafka.nodes as [(typeof kafka.nodes)[0]];
        await node.kill();
        expect(runs(node.pid)).toBe(false);
        await kafka.ready(2);
        await produceOne(kafka.brokers, topic, "during");
        await node.restart();
        pids.add(node.pid);
        await kafka.ready();
        await produceOne(kafka.brokers, topic, "after");
        expect((await readRecords(kafka.brokers, topic, 3)).map(({ value }) => String(value)).toSorted()).toEqual([
          "after",
          "before",
          "during",
        ]);
      } finally {
        await kafka.remove();
      }
      expect([...pids].filter(runs)).toEqual([]);
    });

    test.each([
      ["whoever started them is killed", (starter: ChildProcess) => starter.kill("SIGKILL")],
      ["whoever had them started is gone", (starter: ChildProcess) => starter.disconnect()],
    ])("brokers end, and their files go, when %s", async (_, end) => {
      const starter = fork(join(import.meta.dirname, "starter.ts"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      const ended = once(starter, "exit");
      const [{ pids, folder }] = (await once(starter, "message")) as [{ pids: readonly number[]; folder: string }];
      expect(pids.filter(runs)).toHaveLength(1);
      end(starter);
      await ended;
      await until(() => pids.every((pid) => !runs(pid)) && !existsSync(folder));
    });
  },
  { needs: "clusters" },
);
