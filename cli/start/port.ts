import { once } from "node:events";
import { createServer } from "node:net";
import { ExpectedError } from "../expected-error.ts";

/** Another process listens at the port of a part. */
export class PortTakenError extends ExpectedError {
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

/** How many ports to try from the first choice on. */
const MOST_TRIES = 100;

export type PortChoice = {
  /** Whose port it is, in words. */
  readonly part: string;
  /** What to set to name one. */
  readonly variable: string;
  /** The one that somebody named: it and no other. */
  readonly named: number | undefined;
  /** What is taken if it is free and nobody named another; else the next free one above it. */
  readonly preferred: number;
  /** What somebody named for another part. */
  readonly reserved?: number | undefined;
};

/** The port for a part. @throws PortTakenError if the named one is taken, or all of those that were tried */
export const choosePort = async ({ part, variable, named, preferred, reserved }: PortChoice): Promise<number> => {
  if (named !== undefined) {
    await expectFreePort(named, part, variable);
    return named;
  }
  for (let port = preferred; ; port += 1) {
    if (port === reserved) continue;
    try {
      await expectFreePort(port, part, variable);
      return port;
    } catch (error) {
      if (!(error instanceof PortTakenError) || port === preferred + MOST_TRIES) throw error;
    }
  }
};
