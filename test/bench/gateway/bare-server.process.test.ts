import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startBareServer, toBareAnswer } from "../../../bench/gateway/bare-server.ts";
import { ask, type Target } from "../../../bench/load.ts";
import { startGatewayProcess } from "../../helpers/gateway.ts";

/** The answer as it came over the wire, on a connection that is kept. */
const readBytes = async ({ origin, method, path, headers = {}, body = "" }: Target): Promise<string> => {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  const lines = Object.entries({ ...headers, host: "bench", "content-length": String(Buffer.byteLength(body)) });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
  let text = "";
  for (;;) {
    text += String((await once(socket, "data"))[0]);
    const [head = "", rest] = text.split("\r\n\r\n");
    if (rest !== undefined && rest.length >= Number(/content-length: (\d+)/i.exec(head)?.[1])) return text;
  }
};

/** Dates have the same length always. */
const withoutDate = (answer: string): string => answer.replace(/^Date: .{29}$/m, "Date: …");

test.each([
  ["produce", { path: "/produce", body: '[{"topic":"requests","value":"é","key":"k"}]' }],
  ["an empty consume", { path: "/consume/g/i", body: '{"topic":"requests","timeout":0}' }],
  ["an error", { path: "/nowhere", body: "{}" }],
] as const)("the bare server answers the bytes that the gateway answered: %s", async (_, request) => {
  const gateway = await startGatewayProcess();
  onTestFinished(() => gateway.remove());
  const authorization = `Basic ${btoa(`${gateway.username}:${gateway.password}`)}`;
  const status = [200, 404];
  const target: Target = { origin: gateway.url, method: "POST", headers: { authorization }, status, ...request };
  const answer = toBareAnswer(await ask(target));
  const [, name = ""] = request.path.split("/");
  await using bare = await startBareServer({ only: { [name]: answer } });

  const [real, same] = [await readBytes(target), await readBytes({ ...target, origin: bare.urls.only })];
  // Of two produces, offset and time differ.
  const [realHead, realBody] = withoutDate(real).split("\r\n\r\n");
  const [head, body] = withoutDate(same).split("\r\n\r\n");
  expect(head).toBe(realHead);
  expect(Buffer.from(body ?? "", "latin1").toString()).toBe(answer.body);
  expect(body).toHaveLength(realBody?.length ?? 0);
});

test("each set of answers has a port of its own, and what was not given is not found", async () => {
  const answer = { status: 200, headers: { "content-length": "1" }, keepAliveMs: 5_000 };
  await using bare = await startBareServer({
    one: { x: { ...answer, body: "1" } },
    other: { x: { ...answer, body: "2" }, y: { ...answer, body: "3" } },
  });
  const bodyOf = (url: string) => fetch(url, { method: "POST", body: "whatever" }).then((response) => response.text());
  expect([await bodyOf(`${bare.urls.one}/x`), await bodyOf(`${bare.urls.other}/x/z`), await bodyOf(`${bare.urls.other}/y`)]).toEqual([
    "1",
    "2",
    "3",
  ]);
  expect((await fetch(`${bare.urls.one}/y`)).status).toBe(404);
});
