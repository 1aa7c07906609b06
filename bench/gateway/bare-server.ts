// What Node's HTTP costs without what a gateway does. As a program it is sent what to answer, and listens at a port for each set of answers.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "../load.ts";
import { startProgram } from "../processes.ts";

/** What a bare server answers, by the first segment of the path, and how long it keeps a connection: Node makes the same bytes of it again. */
export type BareAnswers = Readonly<Record<string, Answer & { readonly keepAliveMs: number }>>;

/** A bare server in a process of its own, with a URL for each set of answers. */
export type BareServer<Name extends string> = AsyncDisposable & { readonly urls: Readonly<Record<Name, string>> };

/** What Node itself writes. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["date", "connection", "keep-alive"]);

/** Takes from an answer, of which the body was kept, what a bare server needs to give it too. */
export const toBareAnswer = ({ status, headers, body }: Answer): BareAnswers[string] => {
  const [, seconds = "0"] = /timeout=(\d+)/.exec(String(headers["keep-alive"])) ?? [];
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !OWN_HEADERS.has(name));
  return { status, headers: Object.fromEntries(kept), body, keepAliveMs: Number(seconds) * 1_000 };
};

/** Ask it only for what it was given: it answers anything else with 404. */
export const startBareServer = async <Name extends string>(sets: Readonly<Record<Name, BareAnswers>>): Promise<BareServer<Name>> => {
  const program = await startProgram({ name: "bare server", file: import.meta.filename, args: [], input: sets });
  return { ...program, urls: program.ready["urls"] as Readonly<Record<Name, string>> };
};

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

if (import.meta.main) {
  process.once("disconnect", () => process.exit(0));
  const [sets] = (await once(process, "message")) as [Readonly<Record<string, BareAnswers>>];
  const urls = await Promise.all(Object.entries(sets).map(async ([name, answers]) => [name, await serve(answers)] as const));
  process.send?.({ type: "ready", urls: Object.fromEntries(urls) });
}
