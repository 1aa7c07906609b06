import { render } from "preact";
import { createClient } from "../client/index.ts";
import { App } from "./app.tsx";
import { type Connection, watchConnection } from "./connection.ts";
import { type ConnectedConsumer, readConsumers } from "./consumers.ts";
import { type ContractDescription, readContract } from "./contract.ts";
import { createLetters } from "./dead-letters/letters.ts";
import { isEnd, stateOf } from "./requests/entry.ts";
import { createLog } from "./requests/log.ts";
import { measureLog } from "./requests/measured.ts";
import { createMeasures } from "./requests/measures.ts";
import { createRecordingFetch } from "./requests/recorder.ts";
import { readSaved, saveLog } from "./requests/saved.ts";
import { createSender, type Sender } from "./requests/sender.ts";
import { createSession } from "./session.ts";

/** Starts the page in index.html, with the operations of the Worker's contract. */
export const openPage = (): void => {
  const root = document.getElementById("app");
  if (root === null) throw new TypeError("Expected index.html to have an element #app");
  /** Milliseconds since 1970, of a clock that only goes forward. */
  const now = (): number => performance.timeOrigin + performance.now();
  const log = createLog();
  const measures = createMeasures(now);
  measureLog(log, measures);

  let sessions = 0;
  const session = createSession({
    fetch: (...args) => fetch(...args),
    storage: sessionStorage,
    onChange() {
      sessions += 1;
      draw();
      void load();
      void lookAtConsumers();
    },
    onRefused: () => draw(),
  });
  const recordingFetch = createRecordingFetch({
    // Outside, so that no credentials are recorded.
    fetch: session.fetch,
    now,
    onStart: (id) => sender.hear(id, { kind: "start" }),
    onExchange: (id, exchange) => sender.hear(id, { kind: "exchange", exchange }),
  });
  const sender: Sender = createSender({ client: createClient({ fetch: recordingFetch }), log, now });

  for (const entry of readSaved(localStorage)) log.put(entry);
  saveLog(log, localStorage);
  for (const entry of log.entries()) if (!isEnd(stateOf(entry))) sender.resume(entry);

  let connection: Connection = "online";
  let contract: ContractDescription | undefined;
  let failure: string | undefined;
  let consumers: readonly ConnectedConsumer[] | undefined;
  const letters = createLetters({ fetch: session.fetch, now });
  const draw = (): void =>
    render(<App {...{ contract, failure, log, sender, measures, connection, session, sessions, letters, consumers, now }} />, root);
  const load = async (): Promise<void> => {
    try {
      contract = await readContract(session.fetch);
    } catch (error) {
      // What was read before is better than nothing.
      failure = (error as Error).message;
    }
    draw();
  };

  const lookAtConsumers = async (): Promise<void> => {
    const before = JSON.stringify(consumers);
    consumers = await readConsumers(session.fetch);
    if (JSON.stringify(consumers) !== before) draw();
  };

  draw();
  void load();
  watchConnection({
    async ask() {
      const isReached = await fetch("/health", { signal: AbortSignal.timeout(5_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (contract === undefined && failure !== undefined) await load();
      if (isReached) await lookAtConsumers();
      return isReached;
    },
    onChange(next, last) {
      connection = next;
      draw();
      // Another version may have been deployed meanwhile.
      if (next === "online" && last !== undefined) void load();
    },
  });
};
