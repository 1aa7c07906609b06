import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import type { Connection } from "./connection.ts";
import { Editor } from "./editor/editor.tsx";
import { type Burst, runBurst } from "./requests/burst.ts";
import { type Entry, isEnd, stateOf } from "./requests/entry.ts";
import type { Log } from "./requests/log.ts";
import type { Measures } from "./requests/measures.ts";
import type { Sender } from "./requests/sender.ts";
import { BurstProgress } from "./views/burst-progress.tsx";
import { ConnectionNotice } from "./views/connection-notice.tsx";
import { Details } from "./views/details.tsx";
import { useRedraw, useSeconds } from "./views/redraw.ts";
import { RequestList } from "./views/request-list.tsx";
import { Traffic } from "./views/traffic.tsx";
import { announce } from "./views/words.ts";

type AppProps = {
  readonly contract: Contract;
  readonly log: Log;
  readonly sender: Sender;
  readonly measures: Measures;
  readonly connection: Connection;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** The page: what to send, what becomes of it, and all that was sent. */
export const App = ({ contract, log, sender, measures, connection, now }: AppProps) => {
  const redraw = useRedraw();
  useEffect(() => log.onChange(redraw), [log]);
  useSeconds();
  const [shownId, show] = useState<string | undefined>(() => log.entries()[0]?.id);
  const newest = useRef<Burst>(undefined);
  const stopping = useRef<AbortController>(undefined);
  const details = useRef<HTMLElement>(null);
  const burst = newest.current;
  const shown = shownId === undefined ? undefined : log.get(shownId);

  const lookAt = ({ id }: Entry): void => {
    show(id);
    // On a phone the reply is below the editor, and above the list.
    details.current?.scrollIntoView({ block: "nearest" });
  };
  const sendMany = async (operation: string, request: unknown, total: number): Promise<void> => {
    stopping.current = new AbortController();
    const onProgress = (next: Burst): void => {
      newest.current = next;
      redraw();
    };
    await runBurst({ sender, operation, request, total, signal: stopping.current.signal, now, onProgress });
  };
  const send = (operation: string, request: unknown, count: number): void => {
    if (count > 1) void sendMany(operation, request, count);
    else lookAt(sender.send(operation, request));
  };
  const sendAgain = ({ operation, request }: Entry): void => send(operation, request, 1);
  const forgetEnded = (): void => {
    for (const entry of log.entries()) if (isEnd(stateOf(entry))) log.forget(entry.id);
  };

  // Drawn by itself each second: not with each request as well.
  const traffic = useMemo(() => <Traffic measures={measures} />, [measures]);

  return (
    <>
      <ConnectionNotice connection={connection} />
      <main>
        <section class="request-section" aria-labelledby="request-heading">
          <h2 id="request-heading">Request</h2>
          <Editor contract={contract} onSend={send} isBusy={burst !== undefined && burst.endedAt === undefined} />
          {burst !== undefined && <BurstProgress burst={burst} now={now()} onStop={() => stopping.current?.abort()} />}
        </section>
        <section ref={details} class="reply-section" aria-labelledby="reply-heading">
          <h2 id="reply-heading">{shown === undefined ? "Reply" : `Reply to ${shown.operation}`}</h2>
          <Details entry={shown} now={now()} onSendAgain={sendAgain} onAskAgain={sender.resume} />
        </section>
        <section class="traffic-section" aria-labelledby="traffic-heading">
          <h2 id="traffic-heading">Traffic of this page</h2>
          {traffic}
        </section>
        <section class="requests-section" aria-labelledby="requests-heading">
          <h2 id="requests-heading">Requests of this browser</h2>
          <RequestList
            entries={log.entries()}
            shownId={shownId}
            now={now()}
            onShow={lookAt}
            onSendAgain={sendAgain}
            onForgetEnded={forgetEnded}
          />
        </section>
      </main>
      <p role="status" class="visually-hidden" aria-label="What happened last">
        {shown === undefined ? "" : announce(shown)}
      </p>
    </>
  );
};
