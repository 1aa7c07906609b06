import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What happens to an answer that holds records: it arrives, it is dropped with its connection, or an empty one stands in for it. */
export type Fate = "arrives" | "dropped" | "emptied";

export type LossyProxy = {
  readonly url: string;
  /** How many records passed to the client in answers to a consume. */
  readonly passed: number;
  /** How many records were kept from it. */
  readonly lost: number;
  /** What becomes of the next answers to a consume that hold records; those after them arrive. */
  lose(...fates: Fate[]): void;
  close(): Promise<void>;
};

const EMPTY_ANSWER = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

/** A TCP proxy before a gateway. The gateway always gets rid of its answer whole, so its position moves; whether the client sees it is another matter. */
export const startLossyProxy = async (target: string): Promise<LossyProxy> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const fates: Fate[] = [];
  let passed = 0;
  let lost = 0;

  const forward = (answer: Buffer, client: Socket): void => {
    const records = answer.toString().split('"offset":').length - 1;
    const fate = records === 0 ? "arrives" : (fates.shift() ?? "arrives");
    if (fate === "arrives") passed += records;
    else lost += records;
    if (fate === "dropped") client.destroy();
    else client.write(fate === "arrives" ? answer : EMPTY_ANSWER);
  };

  const server = createServer((client) => {
    const gateway = connect(Number(port), hostname);
    let consuming = false;
    let answer = Buffer.alloc(0);
    client.on("data", (chunk) => {
      if (chunk.subarray(0, 5).toString() === "POST ") consuming = chunk.subarray(5, 14).toString() === "/consume/";
      gateway.write(chunk);
    });
    gateway.on("data", (chunk) => {
      if (!consuming) return void client.write(chunk);
      answer = Buffer.concat([answer, chunk]);
      if (!isWhole(answer)) return;
      forward(answer, client);
      answer = Buffer.alloc(0);
    });
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get passed() {
      return passed;
    },
    get lost() {
      return lost;
    },
    lose: (...more) => void fates.push(...more),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
};

const isWhole = (answer: Buffer): boolean => {
  const end = answer.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.subarray(0, Math.max(end, 0)).toString())?.[1];
  return end >= 0 && length !== undefined && answer.length >= end + 4 + Number(length);
};
