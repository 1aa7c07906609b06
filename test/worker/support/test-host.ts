import type { KeyValueStore } from "../../../worker/archive.ts";
import type { createCorrelationIds } from "../../../worker/correlation-id.ts";
import type { Sha256 } from "../../../worker/sha256.ts";
import type { KeyRegistry } from "../../../worker/identity/keys/key-store.ts";
import type { Sql } from "../../../worker/mailbox/expiring-table.ts";
import type { RequestPublisher } from "../../../worker/request-publisher.ts";
import type { StatusStore } from "../../../worker/status-store.ts";
import type { WorkerSettings } from "../../../worker/define-worker.ts";
import type { Webhooks } from "../../../worker/webhooks/webhooks.ts";

/** Real storage of a mailbox, to itself and empty. */
export type TestStorage = { readonly sql: Sql; transactionSync<Result>(run: () => Result): Result };

/** A client's end of a WebSocket, open. */
export type TestSocket = {
  send(data: string | Uint8Array): void;
  close(code: number, reason: string): void;
  /** Called once, before anything arrives. */
  listen(listeners: { message(text: string): void; close(code: number, reason: string): void }): void;
};

export type OtherWorker = {
  /** Over those of the Worker under test; undefined: not set. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Absent: as the Worker under test has them. */
  readonly hasConsoleFiles?: boolean;
};

/** A Worker that answers until the tests of the file have ended. */
export type OpenedWorker = {
  call(path: string, init?: RequestInit): Promise<Response>;
  /** How many calls wait for a row of a view. */
  waiting(): Promise<number>;
};

/** The host under test. Suites that use nothing else run on each host. */
export type TestHost = {
  readonly name: "cloudflare" | "node";
  /** Variables of the Worker under test, and of what the tests talk to. */
  readonly variables: Readonly<Record<string, string>>;
  /** How the Worker under test makes correlation IDs, if not as everywhere. */
  readonly ids: Pick<Parameters<typeof createCorrelationIds>[0], "platform">;
  /** How the Worker under test hashes API keys. */
  readonly sha256: Sha256;
  /** Calls the Worker as a client does. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Calls another Worker of the same contract, once. */
  callOther(other: OtherWorker, path: string, init?: RequestInit): Promise<Response>;
  /** Opens a Worker of another contract; it is closed when the tests of the file have ended. */
  openOther(settings: WorkerSettings, other?: OtherWorker): Promise<OpenedWorker>;
  /** Asks for a WebSocket: the socket, or the response that refuses it. */
  connect(path: string, headers: Readonly<Record<string, string>>): Promise<TestSocket | Response>;
  /** What is wrong with the variables of another Worker. */
  problemsOf(other: OtherWorker): Promise<readonly string[]>;
  readonly keyValues: KeyValueStore;
  /** A real store of API keys, and all that it holds as text. */
  readonly keys: KeyRegistry & { dump(): Promise<string> };
  /** The mailbox of the Worker under test. */
  readonly mailbox: RequestPublisher & StatusStore;
  /** How many calls wait for a shard. */
  waiting(shard: number): Promise<number>;
  /** What sends webhooks, of another Worker; undefined if that has none. */
  openWebhooks(other?: OtherWorker): Promise<Webhooks | undefined>;
  inStorage(run: (storage: TestStorage) => Promise<void> | void): Promise<void>;
};
