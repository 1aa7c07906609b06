import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Has a server listen. @param port 0: any free one @returns its URL, without a slash at the end. Rejects if the port is taken. */
export const listen = async (server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<string> => {
  server.listen(port, host);
  await once(server, "listening");
  const { address, family, port: chosen } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${chosen}`;
};
