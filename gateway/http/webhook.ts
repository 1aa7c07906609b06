import { isUtf8 } from "node:buffer";
import type { Header } from "../engine.ts";
import { GatewayError } from "../gateway-error.ts";
import type { Route } from "./call.ts";
import { storeRecords } from "./produce.ts";
import { isStandardHeader } from "./standard-headers.ts";

/**
 * `/webhook?topic=$TOPIC[&user=&pass=]`: for senders that cannot be told what to send. The body as it is becomes the value of one record,
 * and what headers are not HTTP's own become its headers. Answers as `/produce` does.
 */
export const webhookRoute: Route = {
  methods: ["GET", "POST"],
  scope: "produce",
  segments: [0, 0],
  bodyIs: "text",
  credentialsInQuery: true,
  async handle(call) {
    const topic = call.query.get("topic");
    if (topic === null) throw new GatewayError(400, "Expected the topic in the query, as in /webhook?topic=events.");
    return { body: await storeRecords(call, undefined, { topic, value: call.body, headers: headersOf(call.rawHeaders) }) };
  },
};

const headersOf = (raw: readonly string[]): Header[] => {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const key = String(raw[index]).toLowerCase();
    if (!isStandardHeader(key)) headers.push({ key, value: textOf(String(raw[index + 1])) });
  }
  return headers;
};

/** Node reads header values as Latin-1, as RFC 9110 §5.5 has it; most senders of other characters mean UTF-8. */
const textOf = (value: string): string => {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
};
