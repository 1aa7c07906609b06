import { expectFreePort, PortTakenError } from "../cli/start/port.ts";

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
