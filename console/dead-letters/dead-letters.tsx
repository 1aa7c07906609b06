import { useEffect, useRef, useState } from "preact/hooks";
import { formatAge } from "../views/duration.ts";
import { Confirmation, type Plan, VERBS } from "./confirmation.tsx";
import { LetterDetails } from "./letter-details.tsx";
import { LetterFilters } from "./letter-filters.tsx";
import {
  type Letter,
  type LetterAction,
  type LetterFilter,
  type LetterPage,
  type LetterResult,
  type Letters,
  NoLettersError,
} from "./letters.ts";
import { type Outcome, OutcomeView } from "./outcome.tsx";

type DeadLettersProps = {
  readonly letters: Letters;
  /** Those of the contract. */
  readonly operations: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Requests were sent again: each result names the ID of one. */
  readonly onRedriven: (results: readonly LetterResult[]) => void;
};

const ACTIONS = ["redrive", "drop"] as const satisfies readonly LetterAction[];
const NO_FILTER: LetterFilter = { operation: "", code: "", withinSeconds: 0, all: false };

/** The requests that nobody could handle: which, why, and what to do about them. It is read when somebody asks: each time the Worker reads the topics to their ends. */
export const DeadLetters = ({ letters, operations, now, onRedriven }: DeadLettersProps) => {
  const [filter, setFilter] = useState(NO_FILTER);
  const [page, setPage] = useState<LetterPage>();
  const [failure, setFailure] = useState<Error>();
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [shown, show] = useState<string>();
  const [plan, setPlan] = useState<Plan>();
  const [outcome, setOutcome] = useState<Outcome>();
  const [isActing, setActing] = useState(false);
  /** Only the answer to the last question counts. */
  const asked = useRef(0);

  const load = async (wanted: LetterFilter, before?: LetterPage): Promise<void> => {
    const number = ++asked.current;
    try {
      const next = await letters.list(wanted, before?.next);
      if (number !== asked.current) return;
      setPage(before === undefined ? next : { ...next, letters: [...before.letters, ...next.letters] });
      setFailure(undefined);
    } catch (error) {
      if (number === asked.current) setFailure(error as Error);
    }
  };
  useEffect(() => void load(filter), []);

  const change = (next: LetterFilter): void => {
    setFilter(next);
    choose(new Set());
    void load(next);
  };
  const toggle = (letter: string): void =>
    choose((before) => (before.has(letter) ? without(before, letter) : new Set([...before, letter])));

  const act = async ({ action, letters: names }: Plan): Promise<void> => {
    setPlan(undefined);
    setActing(true);
    let so: Outcome = { action, total: names.length, results: [] };
    setOutcome(so);
    try {
      await letters.act(action, names, (results) => {
        so = { ...so, results: [...so.results, ...results] };
        setOutcome(so);
        if (action === "redrive") onRedriven(results);
      });
    } catch (error) {
      setOutcome({ ...so, failure: (error as Error).message });
    }
    setActing(false);
    choose(new Set());
    await load(filter);
  };

  /** One is redriven without a question, as by the command. Dropping always asks: nothing is sent then. */
  const intend = (action: LetterAction, names: readonly string[]): void => {
    const next = { action, letters: names };
    if (action === "redrive" && names.length === 1) void act(next);
    else if (names.length > 0) setPlan(next);
  };
  const intendMany = async (action: LetterAction): Promise<void> => {
    try {
      // The oldest first, as they came.
      intend(action, chosen.size > 0 ? inOrder(page, chosen) : (await letters.names(filter)).toReversed());
    } catch (error) {
      setFailure(error as Error);
    }
  };

  if (failure instanceof NoLettersError) return <p class="empty">{failure.message}</p>;
  const open = page?.letters.filter(({ settlement }) => settlement === undefined).length ?? 0;
  return (
    <>
      <LetterFilters filter={filter} operations={operations} onChange={change} onRefresh={() => void load(filter)} />
      <p role="alert" class="alert">
        {failure?.message}
      </p>
      {outcome !== undefined && <OutcomeView outcome={outcome} />}
      {page === undefined && failure === undefined && <p class="empty">Reading the dead letters …</p>}
      {page?.letters.length === 0 && <p class="empty">{isAny(filter) ? "There are none." : "None of them."}</p>}
      {page !== undefined && open > 0 && (
        <div class="actions list-actions">
          {ACTIONS.map((action) => (
            <button key={action} type="button" class="quiet" disabled={isActing} onClick={() => void intendMany(action)}>
              {VERBS[action]}{" "}
              {chosen.size > 0 ? `the ${chosen.size} chosen` : filter.all ? "all that are open" : `all ${page.count.toLocaleString("en")}`}
            </button>
          ))}
        </div>
      )}
      <ol class="letters" aria-label="Dead letters, the newest first">
        {page?.letters.map((letter) => (
          <li key={letter.letter}>
            <Row
              letter={letter}
              now={now}
              isChosen={chosen.has(letter.letter)}
              isShown={shown === letter.letter}
              onToggle={() => toggle(letter.letter)}
              onShow={() => show(shown === letter.letter ? undefined : letter.letter)}
            />
            {shown === letter.letter && (
              <LetterDetails letter={letter} letters={letters} onAct={(action) => intend(action, [letter.letter])} />
            )}
          </li>
        ))}
      </ol>
      {page?.next !== undefined && (
        <button type="button" class="quiet" onClick={() => void load(filter, page)}>
          Show more of {page.count.toLocaleString("en")}
        </button>
      )}
      {plan !== undefined && <Confirmation plan={plan} onAnswer={(isMeant) => (isMeant ? void act(plan) : setPlan(undefined))} />}
    </>
  );
};

type RowProps = {
  readonly letter: Letter;
  readonly now: number;
  readonly isChosen: boolean;
  readonly isShown: boolean;
  readonly onToggle: () => void;
  readonly onShow: () => void;
};

const Row = ({
  letter: { letter, time, operation = "unknown", code = "-", reason = "", settlement },
  now,
  isChosen,
  isShown,
  onToggle,
  onShow,
}: RowProps) => (
  <div class="letter">
    <input type="checkbox" aria-label={`Choose ${letter}`} checked={isChosen} disabled={settlement !== undefined} onChange={onToggle} />
    <button type="button" class="show" aria-expanded={isShown} onClick={onShow}>
      <span class="state" data-state={settlement === undefined ? "failed" : "stopped"}>
        {settlement?.action ?? code}
      </span>
      <span class="operation">{operation}</span>
      <span class="request">{reason}</span>
      <span class="age">{formatAge(now - Date.parse(time))}</span>
    </button>
  </div>
);

const isAny = ({ operation, code, withinSeconds }: LetterFilter): boolean => operation === "" && code === "" && withinSeconds === 0;

const without = (names: ReadonlySet<string>, name: string): ReadonlySet<string> => new Set([...names].filter((one) => one !== name));

/** Those that are chosen, the oldest first. */
const inOrder = (page: LetterPage | undefined, chosen: ReadonlySet<string>): readonly string[] =>
  (page?.letters ?? [])
    .map(({ letter }) => letter)
    .filter((letter) => chosen.has(letter))
    .toReversed();
