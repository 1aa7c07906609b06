import { once } from "node:events";
import { createServer } from "node:net";

/** Somebody else listens where a part is to listen. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

/**
 * Makes sure that a part can listen on a port of 127.0.0.1, and that `localhost`, which may be ::1, leads to nobody else.
 * @throws PortTakenError saying which port, whose it is, and the variable to set.
 */
export const expectFreePort = async (port: number, part: string, variable: string): Promise<void> => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    try {
      server.listen({ port, host, exclusive: true });
      await once(server, "listening");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE")
        throw new PortTakenError(`Port ${port} of ${host}, where the ${part} should listen, is taken. Set ${variable} to a free one.`, {
          cause,
        });
      if (host === "127.0.0.1") throw cause;
      continue; // a machine without IPv6
    }
    server.close();
    await once(server, "close");
  }
};

/**
 * Where no system takes a port by itself, for a connection or for a server that asks for any: one that is free now stays free until it is
 * listened at, and while a process that listened at it is started again.
 */
const PORTS = { lowest: 16_000, count: 16_000 };

/** A port of 127.0.0.1 that nobody listens at, for tests and benches, which run several starts beside each other. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = PORTS.lowest + Math.floor(Math.random() * PORTS.count);
    try {
      await expectFreePort(port, "part", "PORT");
      return port;
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error;
    }
  }
};
