import { useEffect, useRef } from "preact/hooks";
import type { LetterAction } from "./letters.ts";

/** What is to be done, and to which letters. */
export type Plan = { readonly action: LetterAction; readonly letters: readonly string[] };

type ConfirmationProps = { readonly plan: Plan; readonly onAnswer: (isMeant: boolean) => void };

const CONSEQUENCES: Readonly<Record<LetterAction, string>> = {
  redrive: "Each request is sent again: as itself before its deadline, as a new one after it. Handlers may see it a second time.",
  drop: "Nothing is sent. The letters stay in their topic until its retention ends, and are not listed as open any more.",
};

/** Asks before something is done to letters, and says how many they are. */
export const Confirmation = ({ plan: { action, letters }, onAnswer }: ConfirmationProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const what = lettersOf(letters.length);
  return (
    <dialog ref={dialog} aria-labelledby="confirmation-heading" onCancel={() => onAnswer(false)}>
      <h3 id="confirmation-heading">
        {VERBS[action]} {what}?
      </h3>
      <p>{CONSEQUENCES[action]}</p>
      <div class="actions">
        <button type="button" class="quiet" onClick={() => onAnswer(false)}>
          Cancel
        </button>
        <button type="button" class="means-it" onClick={() => onAnswer(true)}>
          {VERBS[action]} {what}
        </button>
      </div>
    </dialog>
  );
};

export const VERBS: Readonly<Record<LetterAction, string>> = { redrive: "Redrive", drop: "Drop" };

export const lettersOf = (count: number): string => (count === 1 ? "1 dead letter" : `${count.toLocaleString("en")} dead letters`);
