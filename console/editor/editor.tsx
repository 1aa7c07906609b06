import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ContractDescription, OperationDescription } from "../contract.ts";
import { formatSeconds } from "../views/duration.ts";
import { type DraftProblem, exampleOf, readDraft } from "./draft.ts";
import { fieldOf } from "./field.ts";
import { MembersView } from "./field-view.tsx";
import { withValueAt } from "./path.ts";
import { problemsOf, type Refusal } from "./refusal.ts";

type EditorProps = {
  /** Of one operation at least. */
  readonly contract: ContractDescription;
  /** A request to begin with, of any operation. Absent: the example of the first operation. */
  readonly start?: { readonly operation: string; readonly request: unknown } | undefined;
  /** Why the server did not take the last request, if it fits no schema. */
  readonly refusal: Refusal | undefined;
  /** Called with a request, and how many times it is to be sent. */
  readonly onSend: (operation: string, request: unknown, count: number) => void;
  /** Whether many requests are being sent already. */
  readonly isBusy: boolean;
};

const MANY = [100, 1_000] as const;

/** Edits a request, by a form that follows from the operation's schema, or as JSON. The text is the truth; the form is a view of it. */
export const Editor = ({ contract, start, refusal, onSend, isBusy }: EditorProps) => {
  const names = Object.keys(contract);
  const isStarted = start !== undefined && names.includes(start.operation);
  const [name, setName] = useState(isStarted ? start.operation : (names[0] ?? ""));
  const operation = contract[name] as OperationDescription;
  const [text, setText] = useState(() => (isStarted ? pretty(start.request) : exampleOf(operation)));
  // Nobody is told that the JSON is broken while still typing it; once told, the notice stays until it is whole.
  const [isTold, tell] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const json = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (isStarted) json.current?.focus();
  }, []);

  const draft = useMemo(() => readDraft(text), [text]);
  const field = useMemo(() => fieldOf(operation.request), [operation]);
  const isBroken = "problem" in draft;
  useEffect(() => {
    if (!isBroken) tell(false);
  }, [isBroken]);
  const problems = isBroken ? (isTold ? [draft.problem] : []) : refusal === undefined ? [] : problemsOf(refusal, name, draft.request);
  const focusOnProblem = (): void => {
    // Whoever has gone elsewhere meanwhile stays there.
    if (form.current?.contains(document.activeElement) === true) form.current.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  };
  useEffect(focusOnProblem, [refusal]);

  const choose = (next: string): void => {
    setName(next);
    setText(exampleOf(contract[next] as OperationDescription));
  };
  const send = (count: number): void => {
    if (!isBroken) return onSend(name, draft.request, count);
    tell(true);
    // Once the field that is wrong is marked.
    requestAnimationFrame(focusOnProblem);
  };

  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send(1);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        send(1);
      }}
    >
      <label for="operation">Operation</label>
      <select id="operation" aria-describedby="facts" value={name} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {names.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <p id="facts" class="hint">
        {factsOf(operation)}
      </p>
      <div class="sides">
        <div class="fields" role="group" aria-label="Request as a form">
          {field.kind !== "object" ? (
            <p class="hint">This operation takes any JSON: write it as it is.</p>
          ) : isBroken ? (
            <p class="hint">The form is back as soon as the JSON can be read.</p>
          ) : (
            <MembersView
              key={name}
              members={field.members}
              path={[]}
              value={draft.request}
              problems={problems}
              onChange={(path, next) => setText(pretty(withValueAt(draft.request, path, next)))}
            />
          )}
        </div>
        <div class="json">
          <label for="json">JSON</label>
          <textarea
            ref={json}
            id="json"
            rows={11}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            aria-describedby="problems"
            aria-invalid={problems.length > 0}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </div>
      </div>
      <Problems problems={problems} />
      <div class="actions">
        <button type="submit">Send</button>
        {MANY.map((count) => (
          <button key={count} type="button" class="quiet" disabled={isBusy} onClick={() => send(count)}>
            Send {count.toLocaleString("en")}
          </button>
        ))}
        <button type="button" class="quiet" onClick={() => choose(name)}>
          Start from the example
        </button>
        <span class="hint keys">
          <kbd>Ctrl</kbd> or <kbd>⌘</kbd> + <kbd>Enter</kbd>
        </span>
      </div>
    </form>
  );
};

const Problems = ({ problems }: { readonly problems: readonly DraftProblem[] }) => (
  <div id="problems" role="alert">
    <ul>
      {problems.map(({ path, message }) => (
        <li key={path + message}>
          {path !== "" && <code>{`${path} `}</code>}
          {message}
        </li>
      ))}
    </ul>
  </div>
);

const factsOf = ({ deadlineSeconds, retentionSeconds }: OperationDescription): string =>
  `Deadline ${formatSeconds(deadlineSeconds)} · kept for ${formatSeconds(retentionSeconds)}`;

const pretty = (value: unknown): string => JSON.stringify(value, undefined, 2);
