import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { kafkaLog } from "../../../consumer/events/kafka-log.ts";
import { after, policy, send } from "../../../consumer/policies/policy.ts";
import { type RunningPolicies, startPolicies } from "../../../consumer/policies/start-policies.ts";
import { kafkaSource } from "../../../consumer/sources/kafka.ts";
import { aggregate } from "../../../contract/aggregate.ts";
import { defineContract } from "../../../contract/contract.ts";
import { operation } from "../../../contract/operation.ts";
import type { RequestEvent } from "../../../protocol/request-event.ts";
import { partitionOfKey } from "../../../protocol/partitioner.ts";
import { connectionTo } from "../../kafka/connections.ts";
import { kafkaSuite } from "../../kafka/broker/suite.ts";
import { createTopic } from "../../kafka/broker/topics.ts";
import { createRecordedLog } from "../log.ts";
import { asRequest } from "./stage.ts";
import { BEGUN, commitRecord } from "./transfers.ts";

const ofTransfer = operation({ request: z.strictObject({ transfer: z.string() }), reply: z.null() });

kafkaSuite("Kafka", ({ brokers }) => {
  test("what follows from events is sent once, and timers fire after a restart without a file, though no event comes", async () => {
    const [events, commands] = await Promise.all([createTopic(brokers, "events", 2), createTopic(brokers, "commands", 2)]);
    const transfer = aggregate({
      events: { begun: z.looseObject({}) },
      commands: { note: ofTransfer, "time-out": ofTransfer },
      id: ({ transfer: key }) => key,
      eventTopic: events,
      commandTopic: commands,
    });
    const contract = defineContract({ transfer });
    const begins = policy(transfer, {
      begun: (_, { id }) => [
        send(contract["transfer.note"], { transfer: id }),
        after("2s", send(contract["transfer.time-out"], { transfer: id })),
      ],
    });
    const connection = connectionTo(brokers);
    const log = createRecordedLog();

    const start = async (): Promise<RunningPolicies> => {
      const dataDir = await mkdtemp(join(tmpdir(), "rejoinder-policies-"));
      let running: RunningPolicies | undefined;
      const source = kafkaSource({
        connection,
        group: `of-${events}`,
        instance: "one",
        topics: [events],
        log,
        onRead: (position) => running?.onRead(position),
      });
      const aggregates = new Map([["transfer", transfer]]);
      running = startPolicies({ policies: { begins }, aggregates, source, eventLog: kafkaLog({ connection }), dataDir, log });
      onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
      await running.ready;
      return running;
    };

    const eventLog = kafkaLog({ connection });
    onTestFinished(() => eventLog.close());
    /** The requests that are in the partition of a key, once there are as many. */
    const requests = async (key: string, count: number): Promise<readonly RequestEvent[]> => {
      const partition = partitionOfKey(Buffer.from(key), 2);
      for (const found: RequestEvent[] = []; ;) {
        const from = { topic: commands, partition, offset: found.length };
        const { records } = await eventLog.read(from, { waitMs: 1_000, signal: AbortSignal.timeout(60_000) });
        found.push(...records.map(asRequest));
        if (found.length >= count) return found;
      }
    };

    const first = await start();
    await eventLog.append({ topic: events, partition: 0 }, [commitRecord("t1", "c1", "", [BEGUN], Date.now())]);
    expect(await requests("t1", 1)).toMatchObject([
      { operation: "transfer.note", data: { transfer: "t1" }, isOneWay: true, orderingKey: "t1" },
    ]);
    await first.drain(10_000);

    const second = await start();
    const all = await requests("t1", 2);
    await second.drain(10_000);
    expect(all.map(({ operation: name }) => name)).toEqual(["transfer.note", "transfer.time-out"]);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});
