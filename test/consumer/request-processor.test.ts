import { expect, test } from "vitest";
import { createCancellations } from "../../consumer/cancellations.ts";
import { createKeyedExecutor } from "../../consumer/keyed-executor.ts";
import { SILENT_OBSERVER } from "../../consumer/observe/observer.ts";
import { readRecord } from "../../consumer/reading.ts";
import { createReplies, type OutgoingReply } from "../../consumer/replies.ts";
import { createRequestProcessor } from "../../consumer/request-processor.ts";
import { toRecord } from "./memory-source.ts";
import { newRequest } from "./requests.ts";

test("a request whose cancellation came too late is handled when it is sent again under its ID", async () => {
  const cancellations = createCancellations();
  const replies = createReplies({ source: "/consumer/test" });
  const delivered: OutgoingReply[] = [];
  const process = createRequestProcessor({
    read: readRecord,
    executor: createKeyedExecutor({ concurrency: 1 }),
    async attempts(task) {
      const { request } = task;
      task.isStarted = true;
      if (cancellations.has(request.correlationId)) return { kind: "cancelled" };
      // Its handler has replied already.
      cancellations.add([request.correlationId]);
      return { kind: "reply", reply: replies.succeeded(request, "done") };
    },
    pauses: { wait: () => expect.fail("Expected no pause"), makeRoom() {}, cutOff() {} },
    cancellations,
    replies,
    router: {
      async deliver(reply) {
        delivered.push(reply);
        return true;
      },
      room: async () => {},
      close() {},
    },
    publishDeadLetter: () => expect.fail("Expected no dead letter"),
    observer: SILENT_OBSERVER,
  });
  const record = { ...toRecord(newRequest()), topic: "requests", partition: 0, timestamp: 0, key: null };
  await process({ ...record, offset: 0 });
  await process({ ...record, offset: 1 });
  expect(delivered.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
});
