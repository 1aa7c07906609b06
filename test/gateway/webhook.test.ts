import { expect, test } from "vitest";
import { gatewayUnderTest, type GatewayUnderTest } from "./gateway-under-test.ts";
import { openConnection, readAnswer } from "./connection.ts";

const stored = async (gateway: GatewayUnderTest) =>
  (await gateway.call("/fetch", { body: { topic: "other", partition: 0, offset: 0, timeout: 1 } })).body as {
    value: string;
    headers: { key: string; value: string }[];
  }[];

test("stores the body as it is, and the headers that are not HTTP's own", async () => {
  const gateway = await gatewayUnderTest();
  const headers = {
    "content-type": "application/json",
    "X-GitHub-Event": "push",
    "x-hub-signature-256": "sha256=abc",
    cookie: "session=secret",
    "x-forwarded-for": "10.0.0.1",
    "sec-fetch-mode": "cors",
  };
  const { status, body } = await gateway.call("/webhook?topic=other", { body: '{"ref": "main"', headers });
  expect(status).toBe(200);
  expect(body).toEqual([{ topic: "other", partition: 0, offset: 0, timestamp: expect.any(Number) }]);
  expect(await stored(gateway)).toEqual([
    {
      ...(body as object[])[0],
      key: "",
      value: '{"ref": "main"',
      headers: [
        { key: "x-github-event", value: "push" },
        { key: "x-hub-signature-256", value: "sha256=abc" },
      ],
    },
  ]);
});

test("takes GET, an empty body, and a slash at the end", async () => {
  const gateway = await gatewayUnderTest();
  expect((await gateway.call("/webhook/?topic=other", { method: "GET" })).status).toBe(200);
  expect((await gateway.call("/webhook?topic=other", { method: "POST" })).status).toBe(200);
  expect((await stored(gateway)).map(({ value }) => value)).toEqual(["", ""]);
});

test("takes user and password from the query where there is no Authorization header, and on no other route", async () => {
  const gateway = await gatewayUnderTest({ credentials: ["full:pw", "hook:ä?&:produce:oth*", "reader:pw:consume"] });
  const post = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(gateway.url + path, { method: "POST", body: "x", headers })).status;
  const hook = `user=hook&pass=${encodeURIComponent("ä?&")}`;
  expect(await post(`/webhook?topic=other&${hook}`)).toBe(200);
  expect(await post(`/webhook?topic=other&user=hook&pass=wrong`)).toBe(401);
  expect(await post(`/webhook?topic=other&user=hook`)).toBe(401);
  expect(await post("/webhook?topic=other")).toBe(401);
  expect(await post(`/webhook?topic=numbers&${hook}`)).toBe(403);
  expect(await post("/webhook?topic=other&user=reader&pass=pw")).toBe(403);
  expect(await post(`/webhook?topic=other&${hook}`, { authorization: `Basic ${btoa("reader:pw")}` })).toBe(403);
  expect(await post(`/produce/other/x?${hook}`)).toBe(401);
  expect(await stored(gateway)).toHaveLength(1);
});

test.each<[string, string, string | Buffer, number, RegExp, Record<string, string>?]>([
  ["no topic", "/webhook", "x", 400, /\?topic=/],
  ["a topic that is none", "/webhook?topic=a%20b", "x", 400, /the topic/],
  ["an unknown topic", "/webhook?topic=nope", "x", 404, /no topic "nope"/],
  ["a body that is not text", "/webhook?topic=other", Buffer.from([0xff, 0xfe]), 400, /UTF-8/],
  ["a body over 1 MiB", "/webhook?topic=other", "x".repeat(1024 * 1024 + 1), 413, /1048576 bytes/],
  [
    "a body that its headers make too large",
    "/webhook?topic=other",
    "x".repeat(1024 * 1024 - 10),
    413,
    /1048576 bytes/,
    { "x-a": "0123456789" },
  ],
  ["segments after it", "/webhook/other", "x", 404, /0 segments/],
])("refuses %s", async (_, path, body, status, message, headers = {}) => {
  const gateway = await gatewayUnderTest();
  const reply = await gateway.call(path, { body, headers });
  expect(reply).toMatchObject({ status, body: { status, error: expect.stringMatching(message) } });
  expect(await stored(gateway)).toEqual([]);
});

test("reads header values as UTF-8 where they are that, and as Latin-1 where not", async () => {
  const gateway = await gatewayUnderTest();
  for (const encoding of ["utf8", "latin1"] as const) {
    const socket = await openConnection(gateway.url);
    const head = `POST /webhook?topic=other HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa("full:pw")}\r\nX-Name: Zoë\r\nX-Name: 2\r\nContent-Length: 0\r\n\r\n`;
    socket.write(head, encoding);
    expect(await readAnswer(socket)).toMatch(/^HTTP\/1.1 200 /);
  }
  const headers = [
    { key: "x-name", value: "Zoë" },
    { key: "x-name", value: "2" },
  ];
  expect(await stored(gateway)).toMatchObject([{ headers }, { headers }]);
});
