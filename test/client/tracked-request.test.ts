import { expect, onTestFinished, test } from "vitest";
import { type Memory, trackRequest } from "../../client/tracked-request.ts";
import { openClient, SUM } from "./opened-client.ts";
import { ended, ID, pending, refused, replied, silence, type Step, succeeded } from "./scripted-server.ts";

const KEY = "rejoinder:sum";

/** A tab that remembers `id`, whose client's server answers by a script. */
const openTab = async (id: string | undefined, ...script: readonly Step[]) => {
  const { client, server } = await openClient(...script);
  onTestFinished(() => client.close());
  const remembered = new Map(id === undefined ? [] : [[KEY, id]]);
  const memory: Memory = {
    getItem: (key) => remembered.get(key) ?? null,
    setItem: (key, value) => void remembered.set(key, value),
    removeItem: (key) => void remembered.delete(key),
  };
  return { client, server, remembered, tracked: trackRequest(client, "sum", memory) };
};

type Tracked = Awaited<ReturnType<typeof openTab>>["tracked"];

/** Listens, and writes down the states until one of them comes. */
const listenUntil = (tracked: Tracked, last: string): Promise<readonly string[]> =>
  new Promise((resolve) => {
    const states: string[] = [];
    const stop = tracked.subscribe(() => {
      states.push(tracked.current().state);
      if (states.at(-1) !== last) return;
      stop();
      resolve(states);
    });
  });

test("tells each state on the way, then the reply, and remembers nothing any more", async () => {
  const { tracked, remembered } = await openTab(undefined, pending(), pending("processing", 1), succeeded({ sum: 5 }));
  const states = listenUntil(tracked, "succeeded");
  tracked.send(SUM);
  expect(await states).toEqual(["sending", "accepted", "processing", "succeeded"]);
  expect(tracked.current()).toEqual({
    state: "succeeded",
    correlationId: ID,
    status: expect.objectContaining({ state: "succeeded", version: 2 }),
    reply: { sum: 5 },
  });
  expect(remembered).toEqual(new Map());
});

test("cancels what is on its way, which is cancelling until it has ended", async () => {
  const asked = Promise.withResolvers<void>();
  const { tracked } = await openTab(undefined, (response, request) => {
    const answer = {
      POST: pending(),
      DELETE: pending("cancelling", 1),
      GET: request.headers["if-none-match"] === '"0"' ? pending("cancelling", 1) : ended("cancelled", "CANCELLED"),
    }[request.method as "POST" | "DELETE" | "GET"];
    if (request.method === "DELETE") asked.resolve();
    // News comes when somebody has cancelled.
    if (request.method !== "GET") answer(response, request);
    else void asked.promise.then(() => answer(response, request));
  });
  const states = listenUntil(tracked, "failed");
  tracked.send(SUM);
  await tracked.cancel();
  expect(await states).toEqual(["sending", "accepted", "cancelling", "failed"]);
  expect(tracked.current().error?.code).toBe("CANCELLED");
});

test("says why something could not be cancelled to who looks, and cancels nothing where nothing is on its way", async () => {
  const { tracked, server } = await openTab(undefined, (response, request) => {
    if (request.method === "DELETE") refused("ALREADY_ENDED")(response, request);
    else if (request.method === "POST") pending()(response, request);
  });
  await tracked.cancel();
  expect(server.calls).toEqual([]);
  tracked.send(SUM);
  await expect(tracked.cancel()).rejects.toMatchObject({ code: "ALREADY_ENDED", status: 409 });
});

test("sends nothing while a request is on its way", async () => {
  const { tracked, server } = await openTab(undefined, pending(), succeeded({ sum: 5 }));
  const states = listenUntil(tracked, "succeeded");
  tracked.send(SUM);
  tracked.send(SUM);
  await states;
  expect(server.calls).toEqual(["POST /requests/sum wait=0", `GET /status/${ID} wait=25`]);
});

test("takes up what the tab remembers as soon as somebody listens, and not before", async () => {
  const { tracked, server } = await openTab(ID, succeeded({ sum: 5 }));
  expect(tracked.current()).toEqual({ state: "resuming", correlationId: ID });
  tracked.send(SUM);
  expect(server.calls).toEqual([]);
  await listenUntil(tracked, "succeeded");
  expect(server.calls).toEqual([`GET /status/${ID} wait=0`]);
});

test("waits once for all who listen, ends that when the last has left, and waits again for the next", async () => {
  const cut = Promise.withResolvers<void>();
  const { tracked, server } = await openTab(ID, (response) => void response.once("close", cut.resolve), succeeded({ sum: 5 }));
  const stops = [tracked.subscribe(() => {}), tracked.subscribe(() => {})];
  await server.arrived(1);
  for (const stop of stops) stop();
  await cut.promise;
  expect(server.calls).toHaveLength(1);
  expect(tracked.current().state).toBe("resuming");
  expect(await listenUntil(tracked, "succeeded")).toEqual(["succeeded"]);
});

test("waits without a listener until the server has named the request, which it then remembers", async () => {
  const held = Promise.withResolvers<void>();
  const { tracked, server, remembered } = await openTab(
    undefined,
    (response, request) => void held.promise.then(() => pending()(response, request)),
    succeeded({ sum: 5 }),
  );
  const stop = tracked.subscribe(() => {});
  tracked.send(SUM);
  await server.arrived(1);
  stop();
  held.resolve();
  await expect.poll(() => remembered.get(KEY)).toBe(ID);
  expect(tracked.current()).toMatchObject({ state: "accepted", correlationId: ID, status: { state: "accepted" } });
  expect(await listenUntil(tracked, "succeeded")).toEqual(["succeeded"]);
  expect(server.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("sends again under its key what a tab has sent and nobody has named, as before a reload, and the server knows it", async () => {
  const first = await openTab(undefined, silence);
  first.tracked.subscribe(() => {});
  first.tracked.send(SUM);
  await first.server.arrived(1);
  const remembered = first.remembered.get(KEY) as string;
  const { tracked, server, remembered: still } = await openTab(remembered, pending("processing", 1), succeeded({ sum: 5 }));
  expect(tracked.current()).toEqual({ state: "sending" });
  tracked.send(SUM);
  expect(server.calls).toEqual([]);
  expect(await listenUntil(tracked, "succeeded")).toEqual(["processing", "succeeded"]);
  expect(server.calls).toEqual(["POST /requests/sum wait=0", `GET /status/${ID} wait=25`]);
  expect(server.keys[0]).toBe(first.server.keys[0]);
  expect(still).toEqual(new Map());
});

test.each([
  ["was sent long ago", JSON.stringify({ idempotencyKey: "key", request: SUM, sentAt: Date.now() - 90_000 })],
  ["is no JSON", "{"],
  ["is something else", '{"a":1}'],
])("sends nothing of what a tab remembers if it %s", async (_, text) => {
  const { tracked, server } = await openTab(text, replied({ sum: 5 }));
  tracked.subscribe(() => {});
  expect([tracked.current(), server.calls]).toEqual([{ state: "idle" }, []]);
});

test("works where the storage is full", async () => {
  const { client } = await openClient(pending(), succeeded({ sum: 5 }));
  const full = () => {
    throw new DOMException("Full", "QuotaExceededError");
  };
  const tracked = trackRequest(client, "sum", { getItem: () => null, setItem: full, removeItem: () => {} });
  const states = listenUntil(tracked, "succeeded");
  tracked.send(SUM);
  expect(await states).toEqual(["sending", "accepted", "succeeded"]);
});

test.each([
  ["has failed", ended("failed", "HANDLER_FAILED"), "HANDLER_FAILED"],
  ["is not known to the server", refused("UNKNOWN_CORRELATION_ID"), "UNKNOWN_CORRELATION_ID"],
])("gives the error of a request that %s, and remembers it no longer", async (_, step, code) => {
  const { tracked, remembered } = await openTab(ID, step);
  await listenUntil(tracked, "failed");
  expect(tracked.current()).toMatchObject({ state: "failed", correlationId: ID, error: { code } });
  expect(remembered).toEqual(new Map());
});

test("still remembers what goes on after the client was closed", async () => {
  const { tracked, client, server, remembered } = await openTab(ID, silence);
  const states = listenUntil(tracked, "failed");
  await server.arrived(1);
  client.close();
  await states;
  expect(tracked.current().error?.code).toBe("CLOSED");
  expect(remembered).toEqual(new Map([[KEY, ID]]));
});

test("works where a tab remembers nothing, as on a server", async () => {
  const { client } = await openClient(pending(), succeeded({ sum: 5 }));
  const tracked = trackRequest(client, "sum");
  const states = listenUntil(tracked, "succeeded");
  tracked.send(SUM);
  expect(await states).toEqual(["sending", "accepted", "succeeded"]);
});
