import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Connection } from "./connection.ts";
import type { ConnectedConsumer } from "./consumers.ts";
import type { Client, ClientContract } from "../client/index.ts";
import type { ViewsBody } from "../protocol/view-api.ts";
import type { Described } from "./contract.ts";
import { DeadLetters } from "./dead-letters/dead-letters.tsx";
import type { LetterResult, Letters } from "./dead-letters/letters.ts";
import { Editor } from "./editor/editor.tsx";
import { refusalOf } from "./editor/refusal.ts";
import { type Burst, runBurst } from "./requests/burst.ts";
import { type Entry, isEnd, stateOf } from "./requests/entry.ts";
import type { Log } from "./requests/log.ts";
import type { Measures } from "./requests/measures.ts";
import type { Sender } from "./requests/sender.ts";
import { Views } from "./rows/views.tsx";
import type { Session } from "./session.ts";
import { BurstProgress } from "./views/burst-progress.tsx";
import { ConnectionNotice } from "./views/connection-notice.tsx";
import { Consumers } from "./views/consumers.tsx";
import { Details } from "./views/details.tsx";
import { useRedraw, useSeconds } from "./views/redraw.ts";
import { RequestList } from "./views/request-list.tsx";
import { SignIn } from "./views/sign-in.tsx";
import { Traffic } from "./views/traffic.tsx";
import { announce } from "./views/words.ts";

type AppProps = {
  /** Undefined until it was read. */
  readonly described: Described | undefined;
  /** Why the contract could not be read. */
  readonly failure: string | undefined;
  readonly log: Log;
  readonly sender: Sender;
  readonly measures: Measures;
  readonly connection: Connection;
  readonly session: Session;
  /** How often somebody has signed in or out: what was read before counts no more. */
  readonly sessions: number;
  readonly letters: Letters;
  /** Undefined if the Worker does not say. */
  readonly consumers: readonly ConnectedConsumer[] | undefined;
  /** What the Worker has of the views. Undefined if it does not say. */
  readonly storedViews: ViewsBody["views"] | undefined;
  /** Reads rows of views. */
  readonly reader: Client<ClientContract>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** The page: what to send, what becomes of it, and all that was sent. */
export const App = (props: AppProps) => {
  const { described, failure, log, sender, measures, connection, session, sessions, letters, consumers, storedViews, reader, now } = props;
  const { operations: contract, views = {} } = described ?? {};
  const redraw = useRedraw();
  useEffect(() => log.onChange(redraw), [log]);
  useSeconds();
  const [shownId, show] = useState<string | undefined>(() => log.entries()[0]?.id);
  /** The last request from the editor that the server has answered, or is to. */
  const [editedId, setEditedId] = useState<string>();
  /** What the editor began with last, and how often it has begun. */
  const [started, setStarted] = useState<{ readonly count: number; readonly entry?: Entry }>({ count: 0 });
  const newest = useRef<Burst>(undefined);
  const stopping = useRef<AbortController>(undefined);
  const details = useRef<HTMLElement>(null);
  const burst = newest.current;
  const edited = editedId === undefined ? undefined : log.get(editedId);
  const refusal = useMemo(() => edited && refusalOf(edited), [edited?.problem]);
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
    const onRefused = (entry: Entry): void => {
      stopping.current?.abort();
      lookAt(entry);
      setEditedId(entry.id);
    };
    await runBurst({ sender, operation, request, total, signal: stopping.current.signal, now, onProgress, onRefused });
  };
  const send = (operation: string, request: unknown, count: number): void => {
    if (count > 1) return void sendMany(operation, request, count);
    const entry = sender.send(operation, request);
    lookAt(entry);
    setEditedId(entry.id);
  };
  const sendAgain = ({ operation, request }: Entry): void => lookAt(sender.send(operation, request));
  /** Those that this browser has sent go on. */
  const followRedriven = (results: readonly LetterResult[]): void => {
    const ids = new Set(results.flatMap(({ correlationId }) => correlationId ?? []));
    for (const entry of log.entries()) if (entry.correlationId !== undefined && ids.has(entry.correlationId)) sender.resume(entry);
  };
  const edit = (entry: Entry): void => setStarted(({ count }) => ({ count: count + 1, entry }));
  const forgetEnded = (): void => {
    for (const entry of log.entries()) if (isEnd(stateOf(entry))) log.forget(entry.id);
  };

  // It draws itself each second, so not with each request, too.
  const traffic = useMemo(() => <Traffic measures={measures} />, [measures]);

  return (
    <>
      <ConnectionNotice connection={connection} />
      <SignIn session={session} />
      <main>
        <section class="request-section" aria-labelledby="request-heading">
          <h2 id="request-heading">Request</h2>
          {contract !== undefined ? (
            <Editor
              // A Worker with other operations resets the editor, and so does a request to begin with.
              key={[started.count, ...Object.keys(contract)].join()}
              contract={contract}
              start={started.entry}
              refusal={refusal}
              onSend={send}
              isBusy={burst !== undefined && burst.endedAt === undefined}
            />
          ) : failure === undefined ? (
            <p class="empty">Reading the contract …</p>
          ) : (
            <p class="notice" role="alert">
              The contract cannot be read, so there is nothing to send yet. {failure} The page tries again every few seconds.
            </p>
          )}
          {burst !== undefined && <BurstProgress burst={burst} now={now()} onStop={() => stopping.current?.abort()} />}
        </section>
        <section ref={details} class="reply-section" aria-labelledby="reply-heading">
          <h2 id="reply-heading">{shown === undefined ? "Reply" : `Reply to ${shown.operation}`}</h2>
          <Details
            entry={shown}
            now={now()}
            isSignedIn={session.isSignedIn}
            onSendAgain={sendAgain}
            onEdit={edit}
            onAskAgain={sender.resume}
            onCancel={sender.cancel}
          />
        </section>
        <section class="traffic-section" aria-labelledby="traffic-heading">
          <h2 id="traffic-heading">Traffic of this page</h2>
          {traffic}
        </section>
        {consumers !== undefined && (
          <section class="consumers-section" aria-labelledby="consumers-heading">
            <h2 id="consumers-heading">Consumers</h2>
            <Consumers consumers={consumers} now={now()} />
          </section>
        )}
        {Object.keys(views).length > 0 && (
          <section class="views-section" aria-labelledby="views-heading">
            <h2 id="views-heading">Views</h2>
            <Views key={sessions} views={views} stored={storedViews} client={reader} now={now} />
          </section>
        )}
        <section class="letters-section" aria-labelledby="letters-heading">
          <h2 id="letters-heading">Dead letters</h2>
          <DeadLetters key={sessions} letters={letters} operations={Object.keys(contract ?? {})} now={now()} onRedriven={followRedriven} />
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
