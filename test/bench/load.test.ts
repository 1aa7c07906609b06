import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { measureLoad, type Target } from "../../bench/load.ts";

const serve = async (listener: RequestListener): Promise<Target> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, method: "POST", path: "/x", body: "{}", status: 200 };
};

test("each connection sends its next request when it has the whole answer, and not before", async () => {
  const underWay = new Map<unknown, number>();
  let most = 0;
  const target = await serve((request, response) => {
    const { socket } = request;
    const now = (underWay.get(socket) ?? 0) + 1;
    underWay.set(socket, now);
    most = Math.max(most, now);
    response.write("a part, ");
    setImmediate(() => {
      underWay.set(socket, now - 1);
      response.end("and the rest");
    });
  });
  const { ratePerSecond, p50Us, p99Us } = await measureLoad(target, { connections: 4, warmUpMs: 20, measureMs: 200 });
  expect(underWay.size).toBe(4);
  expect(most).toBe(1);
  expect(ratePerSecond).toBeGreaterThan(0);
  expect(p99Us).toBeGreaterThanOrEqual(p50Us);
});

test("rate times mean latency is the number of connections", async () => {
  const target = await serve((_, response) => response.end());
  const { connections, ratePerSecond, meanUs, little } = await measureLoad(target, { connections: 8, warmUpMs: 50, measureMs: 500 });
  expect((ratePerSecond * meanUs) / 1_000_000 / connections).toBeCloseTo(little, 6);
});

test("what is slower than the time of a measurement is measured, and shows that it was not measured well", async () => {
  const target = await serve((_, response) => void setTimeout(() => response.end(), 150));
  const { ratePerSecond, p50Us, little } = await measureLoad(target, { connections: 2, warmUpMs: 0, measureMs: 50 });
  expect(p50Us).toBeGreaterThan(140_000);
  expect(ratePerSecond).toBeLessThan(7.5);
  expect(little).toBeLessThan(0.6);
});

test("an answer with another status ends the measurement and says what came instead", async () => {
  const target = await serve((_, response) => response.writeHead(503).end("come back later"));
  await expect(measureLoad(target, { connections: 2, warmUpMs: 0, measureMs: 60_000 })).rejects.toThrow(
    "Expected 200 from POST /x, got 503: come back later",
  );
});

test("a server that drops the connection ends the measurement", async () => {
  const target = await serve((request) => request.socket.destroy());
  await expect(measureLoad(target, { connections: 1, warmUpMs: 0, measureMs: 60_000 })).rejects.toThrow("other side closed");
});

test("what is sent in one go is measured as one, and every answer is told", async () => {
  const paths: string[] = [];
  const target = await serve(({ url = "" }, response) => {
    paths.push(url);
    response.end();
  });
  const statuses: number[] = [];
  const work = { origin: target.origin, next: () => [target, { ...target, path: "/y" }] };
  const load = { connections: 1, warmUpMs: 0, measureMs: 200, onAnswer: (status: number) => void statuses.push(status) };
  const { ratePerSecond } = await measureLoad(work, load);
  expect(paths.slice(0, 4)).toEqual(["/x", "/y", "/x", "/y"]);
  expect(statuses).toEqual(paths.map(() => 200));
  // A rate is a quotient, so it is a whole number only nearly. The last pair may have ended after the time.
  const measuredPairs = Math.round(ratePerSecond / 5);
  expect(ratePerSecond / 5).toBeCloseTo(measuredPairs, 6);
  expect([paths.length / 2, paths.length / 2 - 1]).toContain(measuredPairs);
});

test("where several statuses are expected, each of them is an answer", async () => {
  let count = 0;
  const target = await serve((_, response) => response.writeHead(count++ % 2 === 0 ? 200 : 503).end("x"));
  const statuses = new Set<number>();
  const load = { connections: 1, warmUpMs: 0, measureMs: 100, onAnswer: (status: number) => void statuses.add(status) };
  await measureLoad({ ...target, status: [200, 503] }, load);
  expect(statuses).toEqual(new Set([200, 503]));
  await expect(measureLoad({ ...target, status: [200, 404] }, load)).rejects.toThrow("Expected 200,404 from POST /x, got 503: x");
});
