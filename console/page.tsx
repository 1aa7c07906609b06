import { render } from "preact";
import { createClient } from "../client/index.ts";
import type { ViewsBody } from "../protocol/view-api.ts";
import { App } from "./app.tsx";
import { type Connection, watchConnection } from "./connection.ts";
import { type ConnectedConsumer, readConsumers } from "./consumers.ts";
import { type Described, readContract } from "./contract.ts";
import { createLetters } from "./dead-letters/letters.ts";
import { isEnd, stateOf } from "./requests/entry.ts";
import { createLog } from "./requests/log.ts";
import { measureLog } from "./requests/measured.ts";
import { createMeasures } from "./requests/measures.ts";
import { createRecordingFetch } from "./requests/recorder.ts";
import { readSaved, saveLog } from "./requests/saved.ts";
import { createSender, type Sender } from "./requests/sender.ts";
import { readStoredViews } from "./rows/stored-views.ts";
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
      void lookAround();
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
  let described: Described | undefined;
  let failure: string | undefined;
  let consumers: readonly ConnectedConsumer[] | undefined;
  let storedViews: ViewsBody["views"] | undefined;
  const letters = createLetters({ fetch: session.fetch, now });
  // Of its own, so that rows that are watched take no connections from requests that are sent.
  const reader = createClient({ fetch: session.fetch });
  const draw = (): void =>
    render(
      <App
        {...{ described, failure, log, sender, measures, connection, session, sessions, letters, consumers, storedViews, reader, now }}
      />,
      root,
    );
  const load = async (): Promise<void> => {
    try {
      described = await readContract(session.fetch);
      void lookAround();
    } catch (error) {
      // What was read before is better than nothing.
      failure = (error as Error).message;
    }
    draw();
  };

  /** Who is connected, and what of views there is. */
  const lookAround = async (): Promise<void> => {
    const before = JSON.stringify([consumers, storedViews]);
    const hasViews = Object.keys(described?.views ?? {}).length > 0;
    [consumers, storedViews] = await Promise.all([readConsumers(session.fetch), hasViews ? readStoredViews(session.fetch) : undefined]);
    if (JSON.stringify([consumers, storedViews]) !== before) draw();
  };

  draw();
  void load();
  watchConnection({
    async ask() {
      const isReached = await fetch("/health", { signal: AbortSignal.timeout(5_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (described === undefined && failure !== undefined) await load();
      if (isReached) await lookAround();
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
