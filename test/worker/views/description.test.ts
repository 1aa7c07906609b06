import { describe, expect, test } from "vitest";
import { ERRORS } from "../../../protocol/errors.ts";
import { type OpenApi, undescribed } from "../description/served-api.ts";
import { openTestViews, positionAt, sendBatch } from "../support/views.ts";
import { as } from "../support/tokens.ts";

const views = await openTestViews();
await views.ship([
  ["ada", 0, { cents: 1 }],
  ["bob", 1, { cents: 1 }],
  ["eve", 2, null],
]);
await views.ship([["ada", 0, { cents: 1 }]], { version: 1 });
const { name } = views;
const ada = await as("ada");
const document = await (await views.call("/openapi.json")).json<OpenApi>();

describe("what the routes of views answer is as their document says:", () => {
  test.each([
    ["a row", "GET", `/views/${name}/{key}`, 200, () => views.row("ada")],
    ["the row that is known", "GET", `/views/${name}/{key}`, 304, () => views.row("ada", { "if-none-match": `"${positionAt(0)}"` })],
    ["a row that is late", "GET", `/views/${name}/{key}`, 202, () => views.row("ada", { prefer: "wait=0" }, `?after=${positionAt(9)}`)],
    ["no row", "GET", `/views/${name}/{key}`, 404, () => views.row("nobody")],
    ["a row that left", "GET", `/views/${name}/{key}`, 404, () => views.row("eve", { prefer: "wait=0" })],
    ["no key", "GET", `/views/${name}/{key}`, 400, () => views.call(`/views/${name}/%FF`)],
    ["a row for a stranger", "GET", `/views/${name}/{key}`, 403, () => views.row("ada", ada)],
    ["a position that is gone", "GET", `/views/${name}/{key}`, 410, () => views.row("ada", { prefer: "wait=0" }, "?after=account.0.0.x")],
    ["rows", "GET", `/views/${name}`, 200, () => views.list("?limit=1")],
    ["late rows", "GET", `/views/${name}`, 202, () => views.list(`?after=${positionAt(9)}`, { prefer: "wait=1" })],
    ["a bad limit", "GET", `/views/${name}`, 400, () => views.list("?limit=0")],
    ["the views", "GET", "/views", 200, () => views.call("/views")],
    ["the views for a stranger", "GET", "/views", 403, () => views.call("/views", { headers: ada })],
    ["a switch", "POST", `/views/${name}`, 200, () => views.act({ action: "switch", version: 1 })],
    ["a drop of what is served", "POST", `/views/${name}`, 409, () => views.act({ action: "drop", version: 1 })],
    ["a drop of nothing", "POST", `/views/${name}`, 404, () => views.act({ action: "drop", version: 2 })],
    ["no action", "POST", `/views/${name}`, 400, () => views.act({ action: "none" })],
    ["a page of another origin", "POST", `/views/${name}`, 403, () => views.act({}, { "sec-fetch-site": "cross-site" })],
    ["a batch", "POST", "/views", 200, () => views.send([])],
    ["a batch too far", "POST", "/views", 200, () => views.send([], { from: 50, to: 60 })],
    ["no batch", "POST", "/views", 400, () => sendBatch(views, "{}")],
    ["another type", "POST", "/views", 415, () => sendBatch(views, "{}", "text/plain")],
    ["no signature", "POST", "/views", 401, () => views.call("/views", { method: "POST", body: "{}" })],
    ["too much", "POST", "/views", 413, () => sendBatch(views, " ".repeat(8 * 1024 * 1024 + 1))],
  ] as const)("%s, by %s %s: %i", async (_, method, path, status, ask) => {
    const response = await ask();
    expect(response.status, await response.clone().text()).toBe(status);
    expect(await undescribed(document, method, path, response)).toEqual([]);
  });

  test("rows have the schema of the contract, and each code of views is on a route", () => {
    expect(document.components.schemas[`${name}.row`]).toMatchObject({ properties: { cents: { type: "integer" } } });
    const text = JSON.stringify([document.paths, document.components.responses]);
    const codes = Object.keys(ERRORS).filter((code) => /VIEW|POSITION_GONE/.test(code));
    expect(codes.filter((code) => !text.includes(code))).toEqual([]);
  });
});
