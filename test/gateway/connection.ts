import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP connection to a gateway, for what no HTTP client sends; it ends with the test. */
export const openConnection = async (url: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
};

/** Reads up to the end of a small answer. */
export const readAnswer = async (socket: Socket): Promise<string> => {
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (/\r\n\r\n[^]+/.test(text)) break;
  }
  return text;
};
