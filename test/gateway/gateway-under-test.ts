import { onTestFinished } from "vitest";
import { type Credential, parseCredential } from "../../gateway/credentials.ts";
import type { Engine } from "../../gateway/engine.ts";
import { type GatewayOptions, startGateway } from "../../gateway/server.ts";
import { type OpenOptions, openEngine, SILENT_LOG } from "./open-engine.ts";

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: unknown };

export type GatewayUnderTest = {
  readonly url: string;
  readonly engine: Engine;
  /** Sends a request as a user; anything but text or bytes is sent as JSON. */
  call(path: string, request?: { method?: string; body?: unknown; headers?: Record<string, string>; user?: string }): Promise<Reply>;
  /** What the log has of errors and warnings. */
  logged(): readonly unknown[];
  stop(): Promise<void>;
};

export type UnderTestOptions = Omit<OpenOptions, "dataDir"> &
  Pick<GatewayOptions, "requestTimeoutMs" | "unreadTimeoutMs" | "budgets" | "corsOrigins"> & { readonly credentials?: readonly string[] };

/** A gateway in this process, really listening, with user `full:pw`; it ends with the test. */
export const gatewayUnderTest = async ({
  credentials = ["full:pw"],
  topics = { numbers: 3, other: 1 },
  requestTimeoutMs,
  unreadTimeoutMs,
  budgets,
  corsOrigins,
  ...engineOptions
}: UnderTestOptions = {}): Promise<GatewayUnderTest> => {
  const engine = await openEngine({ topics, ...engineOptions });
  const lines: unknown[] = [];
  const gateway = await startGateway(
    {
      host: "127.0.0.1",
      port: 0,
      credentials: credentials.map((text) => parseCredential(text) as Credential),
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      ...(unreadTimeoutMs === undefined ? {} : { unreadTimeoutMs }),
      ...(budgets === undefined ? {} : { budgets }),
      ...(corsOrigins === undefined ? {} : { corsOrigins }),
    },
    {
      engine,
      log: { warn: (line: unknown) => void lines.push(line), error: (line: unknown) => void lines.push(line) } as typeof SILENT_LOG,
    },
  );
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());
  onTestFinished(stop);
  return {
    url: gateway.url,
    engine,
    stop,
    logged: () => lines,
    async call(path, { method = "POST", body, headers = {}, user = "full:pw" } = {}) {
      const sent = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
      const response = await fetch(gateway.url + path, {
        method,
        headers: { authorization: `Basic ${Buffer.from(user).toString("base64")}`, ...headers },
        ...(sent === undefined ? {} : { body: sent as string | Uint8Array<ArrayBuffer> }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
};
