/** A request as a proxy gets it. */
export type ProxyRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};

/** A record as the proxy hands it to Kafka; all text is UTF-8. */
export type KafkaRecord = {
  readonly topic: string;
  /** Null: the record has none. */
  readonly key: string | null;
  readonly value: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
};

/** How a proxy reads a produce. */
export type Wire = {
  /** Letter by letter. */
  readonly contentType: string;
  /** The records of a request of that content type. @throws Error with a sentence about what the proxy would refuse */
  read(request: ProxyRequest): readonly KafkaRecord[];
};

type Json = Readonly<Record<string, unknown>>;

const expectThat = (isSo: boolean, otherwise: string): void => {
  if (!isSo) throw new Error(otherwise);
};

/** An object with exactly these members; a key may be left out. */
const read = (value: unknown, names: readonly string[]): Json => {
  const found = Object.keys({ ...(names.includes("key") && { key: undefined }), ...(value as Json) })
    .toSorted()
    .join();
  expectThat(found === names.toSorted().join(), `Expected the members ${names.join()}, got ${found}`);
  return value as Json;
};

/** A key as this wire writes it. */
const readKey = (key: unknown, readOne: (key: unknown) => string): string | null => (key === undefined ? null : readOne(key));

const readText = (value: unknown): string => {
  expectThat(typeof value === "string", `Expected text, got ${JSON.stringify(value)}`);
  return value as string;
};

/** Not Buffer's own reading of base64, which takes anything. */
const readBase64 = (value: unknown, { mayBeEmpty = true } = {}): string => {
  const text = readText(value);
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  expectThat(isBase64 && (mayBeEmpty || text !== ""), `Expected base64, got ${JSON.stringify(text)}`);
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, "base64"));
};

const readHeaders = (headers: unknown, name: "key" | "name", options?: { mayBeEmpty: boolean }): KafkaRecord["headers"] =>
  (headers as readonly unknown[]).map((header) => {
    const members = read(header, [name, "value"]);
    return { key: readText(members[name]), value: readBase64(members["value"], options) };
  });

const topicIn = ({ method, path }: ProxyRequest, pattern: RegExp): string => {
  const topic = method === "POST" ? pattern.exec(path)?.[1] : undefined;
  expectThat(topic !== undefined, `Nothing is produced by ${method} ${path}`);
  return decodeURIComponent(topic as string);
};

const readUpstash: Wire["read"] = (request) => {
  expectThat(request.method === "POST" && request.path === "/produce", `Nothing is produced by ${request.method} ${request.path}`);
  return (JSON.parse(request.body) as unknown[]).map((record) => {
    const { topic, key, value, headers } = read(record, ["topic", "key", "value", "headers"]);
    const pairs = (headers as unknown[]).map((header) => read(header, ["key", "value"]));
    return {
      topic: readText(topic),
      key: readKey(key, readText),
      value: readText(value),
      headers: pairs.map((pair) => ({ key: readText(pair["key"]), value: readText(pair["value"]) })),
    };
  });
};

const readStrimzi: Wire["read"] = (request) => {
  const topic = topicIn(request, /^\/topics\/([^/]+)$/);
  const { records } = read(JSON.parse(request.body), ["records"]);
  return (records as unknown[]).map((record) => {
    const { key, value, headers } = read(record, ["key", "value", "headers"]);
    return { topic, key: readKey(key, readText), value: readText(value), headers: readHeaders(headers, "key", { mayBeEmpty: false }) };
  });
};

const readRestV2: Wire["read"] = (request) => {
  const topic = topicIn(request, /^\/topics\/([^/]+)$/);
  const { records } = read(JSON.parse(request.body), ["records"]);
  return (records as unknown[]).map((record) => {
    const { key, value } = read(record, ["key", "value"]);
    return { topic, key: readKey(key, readBase64), value: readBase64(value), headers: [] };
  });
};

const readConfluent: Wire["read"] = (request) => {
  const topic = topicIn(request, /^\/v3\/clusters\/lkc-1\/topics\/([^/]+)\/records:batch$/);
  const { entries } = read(JSON.parse(request.body), ["entries"]);
  const ids = (entries as Json[]).map(({ id }) => readText(id));
  expectThat(new Set(ids).size === ids.length && ids.length <= 10, `Expected at most 10 entries of distinct ids, got ${ids.join()}`);
  const readData = (data: unknown): string => {
    const members = read(data, ["type", "data"]);
    expectThat(members["type"] === "STRING", `Expected type STRING, got ${String(members["type"])}`);
    return readText(members["data"]);
  };
  return (entries as unknown[]).map((entry) => {
    const { key, value, headers } = read(entry, ["id", "key", "value", "headers"]);
    return { topic, key: readKey(key, readData), value: readData(value), headers: readHeaders(headers, "name") };
  });
};

/** By the kind that KAFKA_REST_KIND names. */
export const WIRES: Readonly<Record<string, Wire>> = {
  upstash: { contentType: "application/json", read: readUpstash },
  strimzi: { contentType: "application/vnd.kafka.text.v2+json", read: readStrimzi },
  confluent: { contentType: "application/json", read: readConfluent },
  "rest-v2": { contentType: "application/vnd.kafka.binary.v2+json", read: readRestV2 },
};
