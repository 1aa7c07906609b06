import { render } from "preact";
import { createClient } from "../client/index.ts";
import type { Contract } from "../contract/contract.ts";
import { App } from "./app.tsx";
import { watchConnection } from "./connection.ts";
import { isEnd, stateOf } from "./requests/entry.ts";
import { createLog } from "./requests/log.ts";
import { measureLog } from "./requests/measured.ts";
import { createMeasures } from "./requests/measures.ts";
import { createRecordingFetch } from "./requests/recorder.ts";
import { readSaved, saveLog } from "./requests/saved.ts";
import { createSender, type Sender } from "./requests/sender.ts";

/** Brings index.html to life for the operations of a contract. */
export const openPage = (contract: Contract): void => {
  const root = document.getElementById("app");
  if (root === null) throw new TypeError("Expected index.html to have an element #app");
  /** Milliseconds since 1970, of a clock that only goes forward. */
  const now = (): number => performance.timeOrigin + performance.now();
  const log = createLog();
  const measures = createMeasures(now);
  measureLog(log, measures);

  const recordingFetch = createRecordingFetch({
    fetch: (...args) => fetch(...args),
    now,
    onStart: (id) => sender.hear(id, { kind: "start" }),
    onExchange: (id, exchange) => sender.hear(id, { kind: "exchange", exchange }),
  });
  const sender: Sender = createSender({ client: createClient({ contract, fetch: recordingFetch }), log, now });

  for (const entry of readSaved(localStorage)) log.put(entry);
  saveLog(log, localStorage);
  for (const entry of log.entries()) if (!isEnd(stateOf(entry))) sender.resume(entry);

  const draw = (connection: Parameters<typeof App>[0]["connection"]): void =>
    render(<App contract={contract} log={log} sender={sender} measures={measures} connection={connection} now={now} />, root);
  draw("online");
  watchConnection({
    ask: () =>
      fetch("/health", { signal: AbortSignal.timeout(5_000) }).then(
        ({ ok }) => ok,
        () => false,
      ),
    onChange: draw,
  });
};
