import { randomBytes } from "node:crypto";
import { encodeEvent } from "../../protocol/kafka-record.ts";
import { createRequestEvent, type RequestEvent } from "../../protocol/request-event.ts";
import type { GatewayProcess } from "../helpers/gateway.ts";

/** Shaped like a correlation ID of a shard; only a Worker could tell that it is none. */
export const newCorrelationId = (shard = 0): string => {
  const bytes = randomBytes(48);
  bytes.writeUInt16BE(shard, 1);
  return bytes.toString("base64url").slice(0, 63);
};

/** A request of `sum` with half a minute left, unless told otherwise. */
export const newRequest = (overrides: Partial<RequestEvent> = {}): RequestEvent => ({
  correlationId: newCorrelationId(),
  operation: "sum",
  source: "/worker",
  acceptedAt: Date.now(),
  deadline: Date.now() + 30_000,
  data: { a: 2, b: 3 },
  ...overrides,
});

export type Produced = { readonly topic: string; readonly partition: number; readonly offset: number };
export type WireRecord = {
  readonly topic: string;
  readonly key?: string;
  readonly value: string;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly partition?: number;
};

/** A request as the Worker produces it. */
export const toWire = (request: RequestEvent): WireRecord => ({
  topic: "requests",
  key: request.orderingKey ?? request.correlationId,
  ...encodeEvent(createRequestEvent(request)),
});

type Gateway = Pick<GatewayProcess, "url" | "username" | "password">;

/** One call of the gateway, with its credentials. */
export const callGateway = async (gateway: Gateway, path: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${gateway.username}:${gateway.password}`)}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
};

/** Produces records in one call. */
export const produce = async (gateway: Gateway, records: readonly WireRecord[]): Promise<Produced[]> =>
  (await callGateway(gateway, "/produce", records)) as Produced[];
