import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import * as tls from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openWebhookFetch } from "../../../../worker/hosts/node/webhook-fetch.ts";
import { RefusedAddressError } from "../../../../worker/webhooks/webhook-sender.ts";
import { SELF_SIGNED } from "./self-signed.ts";

/** Plays the public internet. */
const PUBLIC = "127.0.0.2";
const isPublic = (address: string): boolean => address === PUBLIC;

/** Servers of one port, at the address that plays the public internet and at the one that is private; each notes the names it was asked by. */
const asked = { public: [] as unknown[], private: [] as unknown[] };
const serverOf = (where: keyof typeof asked) =>
  createServer(SELF_SIGNED, ({ socket }, response) => {
    asked[where].push((socket as TLSSocket).servername);
    response.writeHead(204, { connection: "close" }).end();
  }).on("connection", () => asked[where].push("connection"));
const servers = { public: serverOf("public"), private: serverOf("private") };
let port: number;

beforeAll(async () => {
  servers.public.listen(0, PUBLIC);
  await once(servers.public, "listening");
  ({ port } = servers.public.address() as AddressInfo);
  servers.private.listen(port, "127.0.0.1");
  await once(servers.private, "listening");
});
afterAll(() => Promise.all(Object.values(servers).map((server) => new Promise((resolve) => server.close(resolve)))));

/** A name server that says something else each time, and at the end the last again. */
const answering = (...answers: readonly (readonly string[])[]) => {
  let looked = 0;
  const lookup: LookupFunction = (_, options, callback) => {
    const answer = answers[Math.min(looked, answers.length - 1)] ?? [];
    looked += 1;
    expect(options.all).toBe(true);
    callback(
      null,
      answer.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { lookup, looked: () => looked };
};

const open = (options: Partial<Parameters<typeof openWebhookFetch>[0]>) => {
  const opened = openWebhookFetch({ allowedHosts: [], ...options });
  onTestFinished(() => opened.close());
  return (name: string) => opened.fetch(`https://${name}:${port}/`, { method: "POST", body: "{}" });
};

/** Lets the receiver's certificate count, as if an authority had signed it. */
const trust = (): void => {
  const before = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...before, SELF_SIGNED.cert]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
};

describe("a name that changes its addresses", () => {
  test("is connected to at the address that was checked, with one look-up", async () => {
    trust();
    const { lookup, looked } = answering([PUBLIC], ["127.0.0.1"]);
    const call = open({ lookup, isPublic });
    const before = asked.private.length;
    expect((await call("receiver.example")).status).toBe(204);
    expect(looked()).toBe(1);
    expect(asked.public).toContain("receiver.example");
    await expect(call("receiver.example")).rejects.toThrow(RefusedAddressError);
    expect(looked()).toBe(2);
    expect(asked.private.length).toBe(before);
  });

  test.each([
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fd00:ec2::254"],
    ["93.184.216.34", "127.0.0.1"],
    ["2606:4700::1111", "::1"],
    [],
  ])("is refused once it has %s %s", async (...addresses) => {
    const { lookup } = answering(addresses.filter((address) => address !== undefined));
    await expect(open({ lookup })("receiver.example")).rejects.toThrow("receiver.example has an address that is not public.");
  });
});

test("an address in place of a name is never looked up, and refused as well", async () => {
  const { lookup, looked } = answering([PUBLIC]);
  for (const address of ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "0x7f.1"])
    await expect(open({ lookup })(address)).rejects.toThrow(RefusedAddressError);
  expect(looked()).toBe(0);
});

test("the system's own names of this machine are refused", async () => {
  await expect(open({})("localhost")).rejects.toThrow("localhost has an address that is not public.");
});

test("a receiver that is allowed may have any address", async () => {
  trust();
  const { lookup } = answering(["127.0.0.1"]);
  const call = open({ lookup, allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`] });
  // Its certificate is for another name, so that much of it is checked.
  await expect(call("localhost")).rejects.toMatchObject({ cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } });
});

test("a receiver whose certificate nobody vouches for, or that is of another name, is not called", async () => {
  const before = asked.public.filter((name) => name !== "connection").length;
  const { lookup } = answering([PUBLIC]);
  await expect(open({ lookup, isPublic })("receiver.example")).rejects.toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  trust();
  await expect(open({ lookup, isPublic })("other.example")).rejects.toMatchObject({ cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } });
  expect(asked.public.filter((name) => name !== "connection").length).toBe(before);
});

test("a name that nobody knows fails, and is not refused", async () => {
  const lookup: LookupFunction = (_, __, callback) => callback(Object.assign(new Error("none"), { code: "ENOTFOUND" }), []);
  await expect(open({ lookup })("receiver.example")).rejects.toMatchObject({ cause: { code: "ENOTFOUND" } });
});
