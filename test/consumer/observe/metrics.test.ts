import { expect, test } from "vitest";
import { createConsumerMetrics } from "../../../consumer/observe/metrics.ts";

const open = (problems: readonly string[] = []) => {
  const { page, ...observer } = createConsumerMetrics({ operations: ["sum", "report"], problems: () => problems });
  return { observer, lines: async () => (await page()).text.split("\n") };
};

test("outcomes are counted by operation, from zero on, and what no operation of the contract is counts as other", async () => {
  const { observer, lines } = open();
  observer.handled("sum", "replied");
  observer.handled("sum", "retried");
  observer.handled("made-up-by-a-caller", "failed");
  const text = await lines();
  expect(text).toEqual(
    expect.arrayContaining([
      'rejoinder_consumer_handled_total{operation="sum",outcome="replied"} 1',
      'rejoinder_consumer_handled_total{operation="sum",outcome="retried"} 1',
      'rejoinder_consumer_handled_total{operation="report",outcome="cancelled"} 0',
      'rejoinder_consumer_handled_total{operation="other",outcome="failed"} 1',
    ]),
  );
  expect(text.join()).not.toContain("made-up");
});

test("a handler is measured until it has ended, and its request from when it was accepted; clocks that differ make no age negative", async () => {
  const { observer, lines } = open();
  const ended = observer.handling("sum", 3_000);
  observer.handling("report", -5_000);
  expect(await lines()).not.toContain('rejoinder_consumer_handler_duration_seconds_count{operation="sum"} 1');
  ended();
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'rejoinder_consumer_handler_duration_seconds_count{operation="sum"} 1',
      'rejoinder_consumer_request_age_seconds_sum{operation="sum"} 3',
      'rejoinder_consumer_request_age_seconds_sum{operation="report"} 0',
    ]),
  );
});

test("a partition lags by what is behind the committed offset, until it goes to another member", async () => {
  const { observer, lines } = open();
  const lag = async () => (await lines()).filter((line) => line.startsWith("rejoinder_consumer_lag_records{"));
  observer.read({ topic: "requests", partition: 3, offset: 10, end: 25 });
  expect(await lag()).toEqual(['rejoinder_consumer_lag_records{topic="requests",partition="3"} 15']);
  observer.read({ topic: "requests", partition: 3, offset: 25, end: 30 });
  observer.committed([
    { topic: "requests", partition: 3, offset: 28 },
    { topic: "requests", partition: 4, offset: 7 },
  ]);
  expect(await lag()).toEqual(['rejoinder_consumer_lag_records{topic="requests",partition="3"} 2']);
  observer.revoked([{ topic: "requests", partition: 3 }]);
  expect(await lag()).toEqual([]);
});

test("records in flight and links are those of all flows together", async () => {
  const { observer, lines } = open();
  observer.watch({ inFlight: () => 2 });
  observer.watch({ inFlight: () => 3 });
  observer.watch({ links: () => ({ open: 7, wanted: 8 }) });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      "rejoinder_consumer_in_flight 5",
      'rejoinder_consumer_links{state="open"} 7',
      'rejoinder_consumer_links{state="wanted"} 8',
      "rejoinder_consumer_ready 1",
    ]),
  );
});

test("dead letters, deliveries and steps are counted, and so is that no work can be done", async () => {
  const { observer, lines } = open(["The Worker is away."]);
  observer.deadLettered("requests");
  observer.delivered(250);
  observer.stepped("known");
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'rejoinder_consumer_dead_letters_total{topic="requests"} 1',
      "rejoinder_consumer_delivery_lag_seconds_sum 0.25",
      'rejoinder_consumer_steps_total{outcome="known"} 1',
      "rejoinder_consumer_ready 0",
    ]),
  );
});

test("what follows from events is counted, and what waits for its time in all partitions together", async () => {
  const { observer, lines } = open();
  observer.followed("sent", 3);
  observer.watch({ policies: () => [{ state: "ready", waiting: 5, late: 2 }] });
  observer.watch({
    policies: () => [
      { state: "ready", waiting: 1, late: 0 },
      { state: "paused", waiting: 0, late: 0 },
    ],
  });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'rejoinder_consumer_policy_requests_total{outcome="sent"} 3',
      'rejoinder_consumer_policy_requests_total{outcome="expired"} 0',
      'rejoinder_consumer_policy_timers{state="waiting"} 4',
      'rejoinder_consumer_policy_timers{state="late"} 2',
      'rejoinder_consumer_policy_partitions{state="ready"} 2',
      'rejoinder_consumer_policy_partitions{state="reading"} 0',
      'rejoinder_consumer_policy_partitions{state="paused"} 1',
    ]),
  );
});

test("views are told by version, all of their partitions together", async () => {
  const { observer, lines } = open();
  observer.watch({
    views: () => [
      { view: "balances", version: 2, partition: 0, state: "live", lag: 0, unshipped: 1 },
      { view: "balances", version: 2, partition: 1, state: "paused", lag: 7, unshipped: 2 },
    ],
  });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'rejoinder_consumer_views{view="balances",version="2",state="live"} 1',
      'rejoinder_consumer_views{view="balances",version="2",state="catching-up"} 0',
      'rejoinder_consumer_views{view="balances",version="2",state="paused"} 1',
      'rejoinder_consumer_view_lag_records{view="balances",version="2"} 7',
      'rejoinder_consumer_view_unshipped_records{view="balances",version="2"} 3',
    ]),
  );
});
