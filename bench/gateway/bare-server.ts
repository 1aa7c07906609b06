// A program of its own: what Node's HTTP costs without anything that a gateway does. Told over IPC what to answer, it listens at a
// port for each set of answers, and says where.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { BareAnswers } from "./bare-answers.ts";

const serve = async (answers: BareAnswers): Promise<string> => {
  const byName = new Map(Object.entries(answers));
  const server = createServer({ keepAliveTimeout: Math.max(...Object.values(answers).map(({ keepAliveMs }) => keepAliveMs)) });
  server.on("request", (request, response) => {
    request.resume().once("end", () => {
      const answer = byName.get((request.url ?? "").split("/", 2)[1] ?? "");
      if (answer === undefined) return void response.writeHead(404).end();
      response.writeHead(answer.status, answer.headers as Record<string, string | string[]>).end(answer.body);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

process.once("disconnect", () => process.exit(0));
const [sets] = (await once(process, "message")) as [Readonly<Record<string, BareAnswers>>];
const urls = await Promise.all(Object.entries(sets).map(async ([name, answers]) => [name, await serve(answers)] as const));
process.send?.({ type: "ready", urls: Object.fromEntries(urls) });
