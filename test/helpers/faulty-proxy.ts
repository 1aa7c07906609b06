import type { IncomingMessage, ServerResponse } from "node:http";
import { serve } from "./served.ts";

type Sent = { readonly topic: string; readonly value: string };
type Behaviour = (records: readonly Sent[], response: ServerResponse) => void;

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};
const stored = (records: readonly Sent[]) => records.map(({ topic }, offset) => ({ topic, partition: 0, offset, timestamp: 1 }));
const isBad = ({ value }: Sent): boolean => value === "bad";

/** What a Kafka REST proxy, or whatever stands before it, may do to a produce. A record is bad if its value is `bad`. */
const BEHAVIOURS: Record<string, Behaviour> = {
  ok: (records, response) => json(response, 200, stored(records)),
  "html-502": (_, response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>"),
  "html-200": (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>"),
  garbage: (_, response) => json(response, 200, [{ hello: "world" }]),
  short: (records, response) => json(response, 200, stored(records.slice(1))),
  redirect: (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  unauthorized: (_, response) => json(response, 401, { error: "Unauthorized", status: 401 }),
  error: (_, response) => json(response, 500, { error: "Internal", status: 500 }),
  "error-in-part": (records, response) =>
    json(response, 500, {
      error: "Some were not stored",
      status: 500,
      results: records.map((record, index) => (isBad(record) ? { index, error: "disk" } : { index, ...stored([record])[0] })),
    }),
  unavailable: (_, response) => json(response, 503, { error: "Try again", status: 503 }),
  throttled: (_, response) => json(response, 429, { error: "Too many", status: 429 }),
  silent: () => {},
  "hang-up": (_, response) => response.socket?.destroy(),
  "refuse-bad": (records, response) => {
    const results = records.flatMap((record, index) => (isBad(record) ? [{ index, error: "value is bad" }] : []));
    if (results.length === 0) json(response, 200, stored(records));
    else json(response, 400, { error: "Invalid records", status: 400, results });
  },
  "refuse-bad-without-saying-which": (records, response) => {
    if (records.some(isBad)) json(response, 400, { error: "Invalid records", status: 400 });
    else json(response, 200, stored(records));
  },
};

/** A real HTTP server that misbehaves as its path's first segment says; `GET /<behaviour>/<test>/calls` tells how often it was called. */
export const startFaultyProxy = async () => {
  const calls = new Map<string, number>();
  return serve((request: IncomingMessage, response: ServerResponse) => {
    const [, behaviour = "", test = "", action] = (request.url ?? "").split("/");
    const name = `${behaviour}/${test}`;
    if (action === "calls") return json(response, 200, calls.get(name) ?? 0);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      BEHAVIOURS[behaviour]?.(JSON.parse(Buffer.concat(chunks).toString()) as Sent[], response);
    });
  });
};
