import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type KafkaRecord, type ProxyRequest, type Wire, WIRES } from "./kafka-rest-wires.ts";
import { serve } from "./served.ts";

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A file of test/worker/producers/recorded/: what a proxy answered. */
type Recording = {
  /** What it was recorded from, or where it is documented. */
  readonly source: string;
  readonly kind: string;
  /** By path: what is answered to whoever only looks. */
  readonly lookups: Readonly<Record<string, Answer>>;
  /** The answers to a content type that is not the wire's, to a path that is not there, and to a produce without records. */
  readonly wrongContentType?: Answer;
  readonly notFound?: Answer;
  readonly noRecords?: Answer;
  /** By name: the answer to a produce; to one that holds the value `bad`, another, if there is one. */
  readonly exchanges: Readonly<Record<string, Answer & { readonly ifBad?: Answer; readonly alsoLookups?: Answer }>>;
};

const html = (status: number): Answer => ({ status, headers: { "content-type": "text/html" }, body: "<h1>Not what you asked for</h1>" });
const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** What may stand between a Worker and any proxy, and what may come of it. */
const FAULTS: Readonly<Record<string, Answer>> = {
  ...Object.fromEntries([200, 403, 413, 429, 500, 502, 503, 504].map((status) => [`html-${status}`, html(status)])),
  redirect: { status: 302, headers: { location: "/login" }, body: "" },
  empty: { status: 200, headers: {}, body: "" },
  "no-content": { status: 204, headers: {}, body: "" },
  garbage: json(200, [{ hello: "world" }]),
  null: json(200, null),
  "half-a-document": { status: 200, headers: { "content-type": "application/json" }, body: '{"offsets":[{"part' },
};

const CONNECTION_FAULTS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  silent: () => {},
  "hang-up": (response) => void response.socket?.destroy(),
  "cut-off": (response) => void response.writeHead(200, { "content-length": 100 }).write("{", () => response.socket?.destroy()),
};

/** Who the drivers of the tests say they are. */
const AUTHORIZATION = `Basic ${Buffer.from("tester:secret").toString("base64")}`;

const readRecording = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`../worker/producers/recorded/${name}.json`, import.meta.url), "utf8")) as Recording;

const isBad = ({ value }: KafkaRecord): boolean => value.includes('"bad"');

/** What a proxy that is about to play an exchange answers, and the records that it would have handed to Kafka. */
const play = (
  recording: Recording,
  exchange: string,
  request: ProxyRequest,
): { readonly answer: Answer | undefined; readonly records?: readonly KafkaRecord[] } => {
  const played = FAULTS[exchange] ?? recording.exchanges[exchange];
  if (request.headers["authorization"] !== AUTHORIZATION) return { answer: json(401, { error_code: 401, message: "Unauthorized" }) };
  if (request.method === "GET")
    return {
      answer: FAULTS[exchange] ?? recording.exchanges[exchange]?.alsoLookups ?? recording.lookups[request.path] ?? recording.notFound,
    };
  const wire = WIRES[recording.kind] as Wire;
  if (request.headers["content-type"] !== wire.contentType) return { answer: recording.wrongContentType };
  try {
    const records = wire.read(request);
    if (records.length === 0) return { answer: recording.noRecords };
    return { answer: (records.some(isBad) ? recording.exchanges[exchange]?.ifBad : undefined) ?? played, records };
  } catch (error) {
    return { answer: json(418, { error_code: 418, message: (error as Error).message }) };
  }
};

/**
 * Plays what real proxies answered. A driver's base URL is `<url>/<recording>/<exchange>/<test>`, where an exchange is one of the
 * recording or a fault; any other name plays only lookups. What the real proxy would refuse is refused with 418.
 * `GET <base URL>/sent` tells what came: each produce, as the records that the proxy would have handed to Kafka.
 */
export const startRecordedProxy = async () => {
  const produced = new Map<string, (readonly KafkaRecord[])[]>();
  return serve(async (request, response) => {
    const [, name = "", exchange = "", test = "", ...rest] = (request.url ?? "").split("/");
    const base = `${name}/${exchange}/${test}`;
    const path = `/${rest.join("/")}`;
    if (path === "/sent") return response.end(JSON.stringify(produced.get(base) ?? []));
    const headers = request.headers as ProxyRequest["headers"];
    const { answer, records } = play(readRecording(name), exchange, {
      method: request.method ?? "",
      path,
      headers,
      body: await text(request),
    });
    if (records !== undefined) produced.set(base, [...(produced.get(base) ?? []), records]);
    const fault = CONNECTION_FAULTS[exchange];
    if (fault !== undefined) return fault(response);
    return response.writeHead(answer?.status ?? 404, answer?.headers).end(answer?.body);
  });
};
