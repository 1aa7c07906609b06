import { expect, onTestFinished, test } from "vitest";
import { trackRow } from "../../client/watched-row.ts";
import { at, openBank } from "./opened-view.ts";
import { event, refused, streaming, type Step } from "./scripted-server.ts";

/** A server that streams a row, and what tells when a reader has left it. */
const openRow = async (step?: Step) => {
  const left: Promise<void>[] = [];
  const { client, server } = await openBank((response, request) => {
    left.push(new Promise((resolve) => response.once("close", resolve)));
    (step ?? streaming(event("row", at(left.length), { balance: left.length })))(response, request);
  });
  onTestFinished(() => client.close());
  return { server, left, row: trackRow(client, "balances", "ada") };
};

type Row = Awaited<ReturnType<typeof openRow>>["row"];

/** Listens until the row has changed. Returns what ends that. */
const listen = (row: Row): Promise<() => void> =>
  new Promise((resolve) => {
    const stop = row.subscribe(() => resolve(stop));
  });

test("a row is watched only while somebody listens", async () => {
  const { row, server, left } = await openRow();
  expect([row.current(), server.calls]).toEqual([{ row: undefined, position: undefined, isLive: false, error: undefined }, []]);
  const stop = await listen(row);
  expect(row.current()).toEqual({ row: { balance: 1 }, position: at(1), isLive: true, error: undefined });
  stop();
  await left[0];
  expect(row.current()).toMatchObject({ row: { balance: 1 }, isLive: false });
});

test("who returns sees the row that was known, until there is a newer one", async () => {
  const { row } = await openRow();
  (await listen(row))();
  const again = listen(row);
  expect(row.current()).toMatchObject({ row: { balance: 1 }, isLive: false });
  (await again)();
  expect(row.current()).toMatchObject({ row: { balance: 2 } });
});

test("several listeners share one stream, which goes on until the last has left", async () => {
  const { row, server, left } = await openRow();
  const stops = await Promise.all([listen(row), listen(row)]);
  expect(server.calls).toHaveLength(1);
  stops[0]();
  expect(row.current().isLive).toBe(true);
  stops[1]();
  await left[0];
});

test("a listener that comes, goes and comes at once has one stream", async () => {
  const { row, server } = await openRow();
  row.subscribe(() => {})();
  (await listen(row))();
  expect(server.calls).toHaveLength(1);
});

test("what the server refuses is told", async () => {
  const { row } = await openRow(refused("INSUFFICIENT_SCOPE"));
  await listen(row);
  expect(row.current()).toMatchObject({ row: undefined, isLive: false, error: { code: "INSUFFICIENT_SCOPE" } });
});
