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
