import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { choosePort, expectFreePort } from "../../../cli/start/port.ts";
import { freePort } from "../../helpers/processes.ts";

test("a free port is left free", async () => {
  const port = await freePort();
  await expectFreePort(port, "Worker", "PORT");
  await expectFreePort(port, "Worker", "PORT");
});

test.each(["127.0.0.1", "0.0.0.0"])("a port taken at %s is named, with whose it is and what to set", async (host) => {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await expect(expectFreePort(port, "gateway", "GATEWAY_PORT")).rejects.toThrow(
    `Port ${port} of 127.0.0.1, where the gateway should listen, is taken. Set GATEWAY_PORT to a free one.`,
  );
  server.close();
});

test("a part whose port nobody names takes the next free one above a taken one", async () => {
  const preferred = await freePort();
  const choice = { part: "Worker", variable: "PORT", named: undefined, preferred };
  expect(await choosePort(choice)).toBe(preferred);
  const server = createServer().listen(preferred, "127.0.0.1");
  await once(server, "listening");
  expect(await choosePort(choice)).toBeGreaterThan(preferred);
  await expect(choosePort({ ...choice, named: preferred })).rejects.toThrow(`Port ${preferred} of 127.0.0.1`);
  server.close();
});

test("a part takes no port that is meant for another", async () => {
  const preferred = await freePort();
  expect(await choosePort({ part: "Worker", variable: "PORT", named: undefined, preferred, reserved: preferred })).toBeGreaterThan(
    preferred,
  );
});
