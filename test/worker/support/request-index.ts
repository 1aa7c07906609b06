import { encodeEvent, type ProducerRecord } from "../../../protocol/kafka-record.ts";
import type { CorrelationId } from "../../../worker/correlation-id.ts";
import type { ListPosition, ListQuery } from "../../../worker/request-index.ts";
import { createTestKv, openMailbox, takesAll } from "./mailbox.ts";
import type { TestStorage } from "./test-host.ts";
import { idsAt, keyOf } from "./worker.ts";

/** Owner tags. */
export const ADA = "00000000ada0";
export const EVE = "ffffffffffff";
export const ANYBODY = "000000000000";
/** When a mailbox is opened, by its clock. */
export const START = Date.parse("2026-06-01T12:00:00Z");

/** The record of a request, as far as the index reads it. */
export const recordOf = (id: CorrelationId, operation: string): ProducerRecord => ({
  topic: "requests",
  value: "{}",
  headers: encodeEvent({ specversion: "1.0", id: id.text, source: "/worker", type: operation, data: undefined }).headers,
});

/** A mailbox with an index and a clock. */
export const openIndexed = (storage: TestStorage, parts: Partial<Parameters<typeof openMailbox>[1]> = {}) => {
  const clock = { now: START };
  const ids = idsAt(() => clock.now);
  const { mailbox, alarm } = openMailbox(storage, {
    kv: createTestKv().kv,
    batches: takesAll,
    isIndexed: true,
    ...parts,
    now: () => clock.now,
  });
  const create = (owner = ADA, retentionSeconds = 3_600) => ids.create({ shard: 0, deadlineSeconds: 30, retentionSeconds, owner });
  return {
    mailbox,
    alarm,
    clock,
    create,
    async send({ owner = ADA, operation = "sum", retentionSeconds = 3_600 } = {}): Promise<CorrelationId> {
      const id = await create(owner, retentionSeconds);
      await mailbox.publish(keyOf(id), recordOf(id, operation), 0);
      return id;
    },
    async list(query: Partial<ListQuery> = {}) {
      const { requests, next } = await mailbox.list({ owners: [ADA], limit: 20, ...query });
      return { ids: requests.map(({ key }) => key.text), states: requests.map(({ state }) => state), next };
    },
  };
};

/** Lists by pages until there is no further one. */
export const pagesOf = async (
  { list }: ReturnType<typeof openIndexed>,
  query: Partial<ListQuery>,
  between: () => Promise<unknown> = async () => {},
) => {
  const pages: string[][] = [];
  let after: ListPosition | undefined;
  do {
    const { ids, next } = await list({ ...query, after });
    pages.push(ids);
    after = next;
    await between();
  } while (after !== undefined);
  return pages;
};
