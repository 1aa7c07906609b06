import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../gateway/clock.ts";
import { type Credential, parseCredential } from "../../gateway/credentials.ts";
import { openEmbeddedEngine } from "../../gateway/embedded/embedded-engine.ts";
import type { Engine } from "../../gateway/engine.ts";
import { startGateway } from "../../gateway/server.ts";

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: unknown };

export type GatewayUnderTest = {
  readonly url: string;
  readonly engine: Engine;
  /** Sends a request as a user; anything but text or bytes is sent as JSON. */
  call(path: string, request?: { method?: string; body?: unknown; headers?: Record<string, string>; user?: string }): Promise<Reply>;
  stop(): Promise<void>;
};

export type UnderTestOptions = {
  readonly credentials?: readonly string[];
  readonly topics?: Readonly<Record<string, number>>;
  readonly clock?: Clock;
  readonly requestTimeoutMs?: number;
  readonly maxHeldBytes?: number;
};

/** A folder that is removed after the test. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "rejoinder-gateway-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** A gateway in this process, really listening, with user `full:pw`; it ends with the test. */
export const gatewayUnderTest = async ({
  credentials = ["full:pw"],
  topics = { numbers: 3, other: 1 },
  clock = systemClock,
  ...limits
}: UnderTestOptions = {}): Promise<GatewayUnderTest> => {
  const dataDir = await temporaryFolder();
  const engine = openEmbeddedEngine({ dataDir, fsync: "os", topics: new Map(Object.entries(topics)) }, { clock });
  const gateway = await startGateway(
    { host: "127.0.0.1", port: 0, credentials: credentials.map((text) => parseCredential(text) as Credential), ...limits },
    { engine, log: { error: () => {} } },
  );
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= gateway.stop());
  onTestFinished(stop);
  return {
    url: gateway.url,
    engine,
    stop,
    async call(path, { method = "POST", body, headers = {}, user = "full:pw" } = {}) {
      const sent = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
      const response = await fetch(gateway.url + path, {
        method,
        headers: { authorization: `Basic ${Buffer.from(user).toString("base64")}`, ...headers },
        ...(sent === undefined ? {} : { body: sent as string | Uint8Array<ArrayBuffer> }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
};
