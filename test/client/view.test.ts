import { expect, onTestFinished, test } from "vitest";
import { failureOf, skipPauses } from "./opened-client.ts";
import { at, behind, noRow, openBank, rowStep } from "./opened-view.ts";
import { cutStream, event, hangUp, html, json, refused, silence, streaming, type Step } from "./scripted-server.ts";

const row = (offset: number, balance: number): string => event("row", at(offset), { balance });
const removed = (offset: number): string => event("removed", at(offset), { position: at(offset) });
/** There never was a row. */
const NONE = "event: removed\ndata: {}\n\n";

/** A server whose stream gives those events, and says no more. */
const openStream = async (...script: readonly Step[]) => {
  const opened = await openBank(...script);
  onTestFinished(() => opened.client.close());
  return opened;
};

/** What an iteration gives until it has given so much. */
const take = async <Row>(rows: AsyncIterable<Row>, count: number): Promise<Row[]> => {
  const taken: Row[] = [];
  for await (const one of rows) if (taken.push(one) === count) break;
  return taken;
};

test("a row is what was awaited, and undefined if there is none", async () => {
  const { client, server } = await openBank(rowStep(5, 3), noRow(4));
  expect(await client.view("balances", "a/d ä")).toEqual({ balance: 5 });
  expect(await client.view("balances", "ada")).toBeUndefined();
  expect(server.calls).toEqual(["GET /views/balances/a%2Fd%20%C3%A4 wait=0", "GET /views/balances/ada wait=0"]);
});

test("nothing is asked before somebody awaits the row", async () => {
  const { client, server } = await openBank(rowStep(5, 3));
  const balance = client.view("balances", "ada");
  expect(server.calls).toEqual([]);
  expect([await balance, await balance]).toEqual([{ balance: 5 }, { balance: 5 }]);
  expect(server.calls).toHaveLength(2);
});

test("who has written a row reads it as soon as the view has come so far", async () => {
  skipPauses();
  const { client, server } = await openBank(behind(), behind({ "preference-applied": "wait=25" }), rowStep(5, 3));
  expect(await client.view("balances", "ada", { after: at(3) })).toEqual({ balance: 5 });
  expect(server.calls).toEqual(Array(3).fill(`GET /views/balances/ada?after=${at(3)} wait=25`));
});

test("a view that does not come so far in time is behind, which may be asked again", async () => {
  const { client, server } = await openBank(behind());
  const failure = await failureOf(Promise.resolve(client.view("balances", "ada", { after: at(3), waitSeconds: 1 })));
  expect(failure).toMatchObject({ code: "VIEW_BEHIND", retryable: true });
  expect(server.calls).toEqual([`GET /views/balances/ada?after=${at(3)} wait=1`]);
});

test("a row that nobody gives, or that the server cannot give now, is asked for again", async () => {
  skipPauses();
  const { client } = await openBank(hangUp, html(502), refused("STORE_UNAVAILABLE"), rowStep(5, 3));
  expect(await client.view("balances", "ada")).toEqual({ balance: 5 });
});

test.each(["", ".", "..", "\ud800"])("a key that no path can have, %j, is refused before anything is asked", async (key) => {
  const { client, server } = await openBank(rowStep(5, 3));
  expect(await failureOf(Promise.resolve(client.view("balances", key)))).toMatchObject({ code: "INVALID_REQUEST" });
  expect(await failureOf(take(client.view("balances", key), 1))).toMatchObject({ code: "INVALID_REQUEST" });
  expect(server.calls).toEqual([]);
});

test("what the server refuses is thrown, and so is what nobody answers", async () => {
  skipPauses();
  const failureWith = async (step: Step, after?: string) =>
    (await failureOf(Promise.resolve((await openBank(step)).client.view("balances", "ada", { after })))).code;
  expect(await failureWith(refused("UNKNOWN_VIEW"))).toBe("UNKNOWN_VIEW");
  expect(await failureWith(refused("POSITION_GONE"), at(3))).toBe("POSITION_GONE");
  expect(await failureWith(html(200))).toBe("UNEXPECTED_ANSWER");
  expect(await failureWith(hangUp)).toBe("UNANSWERED");
});

test("a watched row is given as it is, then each time that it changes, and when it leaves and comes back", async () => {
  const told: ((text: string) => void)[] = [];
  const { client, server } = await openStream((response, request) => {
    streaming(row(3, 5))(response, request);
    told.push((text) => void response.write(text));
  });
  const balances: unknown[] = [];
  for await (const balance of client.view("balances", "ada")) {
    balances.push(balance);
    if (balances.length === 4) break;
    told[0]?.([row(4, 7), removed(5), row(6, 1)][balances.length - 1] as string);
  }
  expect(balances).toEqual([{ balance: 5 }, { balance: 7 }, undefined, { balance: 1 }]);
  expect(server.calls).toEqual(["GET /views/balances/ada wait=25"]);
  expect(server.resumedAfter).toEqual(["undefined"]);
});

test("a row that is not there is watched until it comes", async () => {
  skipPauses();
  const { client, server } = await openStream(cutStream(NONE), cutStream(NONE), streaming(row(3, 5)));
  expect(await take(client.view("balances", "ada"), 2)).toEqual([undefined, { balance: 5 }]);
  expect(server.resumedAfter).toEqual(["undefined", "undefined", "undefined"]);
});

test("who takes long over a row is given the newest next", async () => {
  const { client } = await openStream(streaming(row(3, 5), row(4, 6), row(5, 7)));
  expect(await take(client.view("balances", "ada"), 1)).toEqual([{ balance: 7 }]);
});

test("a stream that is cut goes on after the last change that came, and none is given twice", async () => {
  skipPauses();
  const { client, server } = await openStream(
    cutStream(row(3, 5), "event: row\nid: account"),
    hangUp,
    refused("STORE_UNAVAILABLE"),
    cutStream(row(3, 5), ": still there\n\n"),
    streaming(row(4, 7)),
  );
  expect(await take(client.view("balances", "ada"), 2)).toEqual([{ balance: 5 }, { balance: 7 }]);
  expect(server.resumedAfter).toEqual(["undefined", at(3), at(3), at(3), at(3)]);
});

test("a row of a later version of the view has the position of its commit, and is known by its whole tag", async () => {
  skipPauses();
  const { client, server } = await openStream(cutStream(event("row", `${at(3)}~2`, { balance: 5 })), silence);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const stop = client.view("balances", "ada").onChange(({ position }) => resolve(position));
  expect(await promise).toBe(at(3));
  await server.arrived(2);
  stop();
  expect(server.resumedAfter).toEqual(["undefined", `${at(3)}~2`]);
});

test("where nothing can be streamed, the row is asked for by its tag", async () => {
  skipPauses();
  const unchanged: Step = (response) => void response.writeHead(304, { "preference-applied": "wait=25" }).end();
  const { client, server } = await openStream(refused("NOT_SUPPORTED"), rowStep(5, 3), unchanged, noRow(4));
  expect(await take(client.view("balances", "ada"), 2)).toEqual([{ balance: 5 }, undefined]);
  expect(server.known).toEqual([undefined, undefined, `"${at(3)}"`, `"${at(3)}"`]);
});

test("a log that began anew is watched from its beginning", async () => {
  skipPauses();
  const fresh = "account.0.0.another";
  const { client, server } = await openStream(
    cutStream(row(3, 5)),
    refused("POSITION_GONE"),
    streaming(event("row", fresh, { balance: 0 })),
  );
  expect(await take(client.view("balances", "ada"), 2)).toEqual([{ balance: 5 }, { balance: 0 }]);
  expect(server.resumedAfter).toEqual(["undefined", at(3), "undefined"]);
});

test("who watches a row learns whether it is live, and why nothing more comes", async () => {
  skipPauses();
  const { client, server } = await openStream(cutStream(row(3, 5)), hangUp, streaming(": still there\n\n"), silence);
  const heard: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = client.view("balances", "ada").onChange(({ row: balance, position, isLive, error }) => {
    heard.push([balance, position, isLive, error?.code]);
    if (heard.length === 3) client.close();
    if (error !== undefined) resolve();
  });
  await promise;
  stop();
  expect(heard).toEqual([
    [{ balance: 5 }, at(3), true, undefined],
    [{ balance: 5 }, at(3), false, undefined],
    [{ balance: 5 }, at(3), true, undefined],
    [{ balance: 5 }, at(3), false, "CLOSED"],
  ]);
  expect(server.calls).toHaveLength(3);
});

test("watching ends with what the server refuses", async () => {
  const { client } = await openStream(refused("INSUFFICIENT_SCOPE"));
  expect(await failureOf(take(client.view("balances", "ada"), 1))).toMatchObject({ code: "INSUFFICIENT_SCOPE", status: 403 });
});

test("who leaves the loop, aborts or closes ends the stream", async () => {
  const closed: Promise<void>[] = [];
  const { client } = await openStream((response, request) => {
    closed.push(new Promise((resolve) => response.once("close", resolve)));
    streaming(row(3, 5))(response, request);
  });
  await take(client.view("balances", "ada"), 1);
  await closed[0];
  const aborting = new AbortController();
  const aborted = failureOf(
    (async () => {
      for await (const _ of client.view("balances", "ada", { signal: aborting.signal })) aborting.abort();
    })(),
  );
  expect(await aborted).toMatchObject({ code: "ABORTED" });
  await closed[1];
  const rows = client.view("balances", "ada")[Symbol.asyncIterator]();
  await rows.next();
  client.close();
  expect(await failureOf(rows.next())).toMatchObject({ code: "CLOSED" });
  await closed[2];
});

test("rows are listed page by page, by the beginning of their keys, after a position", async () => {
  const listed = (key: string) => ({ key, row: { cents: 1, at: "now" }, position: at(1) });
  const page = (keys: readonly string[], next?: string) => json(200, {}, { rows: keys.map(listed), ...(next && { next }) });
  skipPauses();
  const { client, server } = await openBank(behind(), page(["ada/1", "ada/2"], "cursor.1"), page([], "cursor.2"), page(["ada/3"]));
  const keys: string[] = [];
  for await (const { key, row: line } of client.views("statement", { prefix: "ada/", after: at(1) })) keys.push(`${key} ${line.cents}`);
  expect(keys).toEqual(["ada/1 1", "ada/2 1", "ada/3 1"]);
  const query = `/views/statement?prefix=ada%2F&after=${at(1)}&limit=100`;
  const pages = ["", "", "&cursor=cursor.1", "&cursor=cursor.2"];
  expect(server.calls).toEqual(pages.map((cursor) => `GET ${query}${cursor} wait=25`));
});
