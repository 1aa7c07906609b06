import { type Contract, findOperation } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { type DraftProblem, exampleOf, readDraft } from "./draft.ts";
import { formatSeconds } from "./duration.ts";
import { byId, element } from "./element.ts";

/**
 * Brings the form of the page to life: choosing an operation fills in its example, and sending (the button, or Ctrl/Cmd+Enter)
 * calls `onSend` with a request that fits the operation's schema, or shows beside the editor why it does not.
 */
export const openEditor = (contract: Contract, onSend: (operation: Operation, request: unknown) => void): void => {
  const form = byId("form", HTMLFormElement);
  const select = byId("operation", HTMLSelectElement);
  const text = byId("editor", HTMLTextAreaElement);

  const operation = (): Operation => {
    const chosen = findOperation(contract, select.value);
    if (chosen === undefined) throw new TypeError(`Expected an operation of the contract, got ${JSON.stringify(select.value)}`);
    return chosen;
  };
  const startFromExample = (): void => {
    byId("facts", HTMLElement).textContent = factsOf(operation());
    text.value = exampleOf(operation());
    showProblems(text, []);
  };
  const send = (): void => {
    const draft = readDraft(operation(), text.value);
    if ("problems" in draft) {
      showProblems(text, draft.problems);
      text.focus();
      return;
    }
    showProblems(text, []);
    onSend(operation(), draft.request);
  };
  // Nobody is told of mistakes while still typing; once told, the list follows each keystroke until it is empty.
  const recheck = (): void => {
    if (text.ariaInvalid !== "true") return;
    const draft = readDraft(operation(), text.value);
    showProblems(text, "problems" in draft ? draft.problems : []);
  };

  select.append(...Object.keys(contract).map((name) => element("option", { value: name }, name)));
  select.addEventListener("change", startFromExample);
  byId("example", HTMLButtonElement).addEventListener("click", startFromExample);
  text.addEventListener("input", recheck);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  startFromExample();
};

const factsOf = ({ topic, deadlineSeconds, retentionSeconds }: Operation): string =>
  `Topic ${topic} · deadline ${formatSeconds(deadlineSeconds)} · kept for ${formatSeconds(retentionSeconds)}`;

const showProblems = (text: HTMLTextAreaElement, problems: readonly DraftProblem[]): void => {
  text.ariaInvalid = String(problems.length > 0);
  byId("problems", HTMLElement).replaceChildren(
    ...problems.map(({ path, message }) => element("li", {}, ...(path === "" ? [] : [element("code", {}, path), " "]), message)),
  );
};
