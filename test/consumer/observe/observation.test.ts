import { expect, test } from "vitest";
import { startObservation } from "../../../consumer/observe/observation.ts";
import { VERSION } from "../../../protocol/version.ts";

const open = async () => {
  const observation = await startObservation({ host: "127.0.0.1", port: 0 }, ["sum"]);
  const get = async (path: string) => {
    const response = await fetch(observation.url + path);
    return [response.status, await response.json()];
  };
  return { ...observation, get };
};

test("a consumer that joins is well, and not ready", async () => {
  const { get, joined } = await open();
  expect(await get("/health")).toEqual([200, { status: "ok", version: VERSION }]);
  expect(await get("/ready")).toEqual([
    503,
    { status: "not ready", version: VERSION, problems: ["The consumer is not a member of its group yet."] },
  ]);
  joined();
  expect(await get("/ready")).toEqual([200, { status: "ready", version: VERSION }]);
});

test("nothing else is served", async () => {
  const { url } = await open();
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
  expect((await fetch(`${url}/metrics`)).headers.get("content-type")).toMatch(/^text\/plain; version=0.0.4/);
});
