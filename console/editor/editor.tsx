import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Contract, findOperation } from "../../contract/contract.ts";
import type { Operation } from "../../contract/operation.ts";
import type * as z from "zod";
import { formatSeconds } from "../views/duration.ts";
import { type DraftProblem, exampleOf, readDraft } from "./draft.ts";
import { fieldOf } from "./field.ts";
import { MembersView } from "./field-view.tsx";
import { withValueAt } from "./path.ts";

type EditorProps = {
  readonly contract: Contract;
  /** Called with a request that fits its operation's schema, and how many times it is to be sent. */
  readonly onSend: (operation: string, request: unknown, count: number) => void;
  /** Whether many requests are being sent already. */
  readonly isBusy: boolean;
};

const MANY = [100, 1_000] as const;

/** A request to be written: by a form that follows from the operation's schema, or as JSON. The text is the truth, the form a view of it. */
export const Editor = ({ contract, onSend, isBusy }: EditorProps) => {
  const names = Object.keys(contract);
  const [name, setName] = useState(names[0] ?? "");
  const operation = findOperation(contract, name) as Operation;
  const [text, setText] = useState(() => exampleOf(operation));
  // Nobody is told of mistakes while still typing; once told, the list follows each keystroke until it is empty.
  const [isTold, tell] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const draft = useMemo(() => readDraft(operation, text), [operation, text]);
  const field = useMemo(() => fieldOf(operation.request as z.ZodType), [operation]);
  const found = "problems" in draft ? draft.problems : [];
  const isSound = found.length === 0;
  useEffect(() => {
    if (isSound) tell(false);
  }, [isSound]);
  const problems = isTold ? found : [];
  const value = useMemo(() => parse(text), [text]);

  const choose = (next: string): void => {
    setName(next);
    setText(exampleOf(findOperation(contract, next) as Operation));
    tell(false);
  };
  const send = (count: number): void => {
    if ("request" in draft) return onSend(name, draft.request, count);
    tell(true);
    // Once the fields that are wrong are marked.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
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
          ) : value === undefined ? (
            <p class="hint">The form is back as soon as the JSON can be read.</p>
          ) : (
            <MembersView
              key={name}
              members={field.members}
              path={[]}
              value={value}
              problems={problems}
              onChange={(path, next) => setText(pretty(withValueAt(value, path, next)))}
            />
          )}
        </div>
        <div class="json">
          <label for="json">JSON</label>
          <textarea
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

const factsOf = ({ topic, deadlineSeconds, retentionSeconds }: Operation): string =>
  `Topic ${topic} · deadline ${formatSeconds(deadlineSeconds)} · kept for ${formatSeconds(retentionSeconds)}`;

const pretty = (value: unknown): string => JSON.stringify(value, undefined, 2);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
