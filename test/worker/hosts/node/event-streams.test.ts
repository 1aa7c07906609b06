import { expect, test } from "vitest";
import { readEvents } from "../../support/events.ts";
import { createId } from "../../support/worker.ts";
import { metricOf, openHost } from "./open-host.ts";

const follow = async (url: string, signal?: AbortSignal) => {
  const { text } = await createId();
  return fetch(`${url}/status/${text}`, { headers: { accept: "text/event-stream" }, ...(signal && { signal }) });
};

test("a reader who goes away does not wait any longer", async () => {
  const host = await openHost({ variables: { METRICS_PORT: "0" } });
  const gone = new AbortController();
  const events = readEvents(await follow(host.url, gone.signal));
  await events.next();
  while ((await metricOf(host, "waits")) === 0);
  gone.abort();
  while ((await metricOf(host, "waits")) > 0);
});

test("what is said reaches a reader at once, though nothing follows", async () => {
  const { url } = await openHost();
  const events = readEvents(await follow(url));
  expect(await events.next()).toEqual({ retry: "1000" });
  expect(await events.next()).toMatchObject({ id: "0", event: "status" });
});

test("a Worker that ends ends its event streams, and their readers come back", async () => {
  const host = await openHost();
  const events = readEvents(await follow(host.url));
  await events.next();
  await events.next();
  // None of it is cut: that would take longer than this test may.
  await host.drain(60_000);
  expect(await events.next()).toBeUndefined();
});
