import type { Problem } from "../protocol/problem.ts";
import { formatDuration } from "./duration.ts";
import { element } from "./element.ts";
import { type Exchange, type ExchangeState, isOpen, stateOf } from "./exchange.ts";

/** What each state means, in the words of somebody who waits. */
const MEANINGS: Readonly<Record<ExchangeState, string>> = {
  sending: "On its way to the Worker",
  accepted: "Kafka has the request",
  processing: "A consumer works on it",
  succeeded: "The reply has arrived",
  failed: "It was handled, and failed",
  cancelled: "It was cancelled",
  expired: "The deadline passed without a reply",
  uncertain: "Kafka may have it: looking",
  refused: "The server did not take it",
  unanswered: "The server did not answer",
};

/** One exchange as elements: its states with their times, then the reply or the problem. */
export const viewExchange = (exchange: Exchange): Node[] => [
  timeline(exchange),
  ...(exchange.outage ? [element("p", { class: "notice" }, "The server cannot be reached. Asking again until it can.")] : []),
  ...(stateOf(exchange) === "unanswered" ? [element("p", { class: "notice" }, UNANSWERED)] : []),
  ...(exchange.reply === undefined ? [] : [element("pre", { tabindex: "0", "aria-label": "Reply as JSON" }, pretty(exchange.reply))]),
  ...(exchange.problem === undefined ? [] : [viewProblem(exchange.problem)]),
  ...(exchange.correlationId === undefined ? [] : [viewCorrelationId(exchange.correlationId)]),
];

/** One sentence for a screen reader: what happened last. */
export const describeExchange = (exchange: Exchange): string => {
  const state = stateOf(exchange);
  const after = formatDuration(exchange.steps.at(-1)?.afterMs ?? 0);
  return exchange.outage
    ? `Request ${exchange.number}, ${exchange.operation}: the server cannot be reached.`
    : `Request ${exchange.number}, ${exchange.operation}: ${state} after ${after}.`;
};

const UNANSWERED =
  "It is not known whether the request was taken, so it was not sent again by itself. Check the network, then send it again if that does no harm.";

const timeline = ({ steps, outage }: Exchange): HTMLElement =>
  element(
    "ol",
    { class: "timeline" },
    ...steps.map(({ state, afterMs }, index) => {
      const isWaiting = index === steps.length - 1 && isOpen(state);
      return element(
        "li",
        { "data-state": state, ...(isWaiting && !outage ? { class: "waiting" } : {}) },
        element("span", { class: "state" }, state),
        element("span", { class: "meaning" }, MEANINGS[state]),
        element("span", { class: "time" }, state === "sending" ? "" : `+${formatDuration(afterMs)}`),
      );
    }),
  );

/** Members with a place of their own on the page; all others are shown as they are. */
const PLACED = new Set(["type", "title", "status", "detail", "code", "retryable", "correlationId"]);

const viewProblem = (problem: Problem): HTMLElement => {
  const others = Object.entries(problem).filter(([name]) => !PLACED.has(name));
  return element(
    "div",
    { class: "problem" },
    element("p", { class: "title" }, problem.title),
    ...(problem.detail === undefined ? [] : [element("p", {}, problem.detail)]),
    element("p", { class: "code" }, element("code", {}, problem.code), ` · HTTP ${problem.status}`),
    ...(others.length === 0 ? [] : [element("pre", { tabindex: "0", "aria-label": "Details" }, pretty(Object.fromEntries(others)))]),
  );
};

const viewCorrelationId = (correlationId: string): HTMLElement =>
  element(
    "p",
    { class: "correlation-id" },
    "Correlation ID ",
    element("a", { href: `/status/${encodeURIComponent(correlationId)}` }, element("code", {}, correlationId)),
  );

const pretty = (value: unknown): string => JSON.stringify(value, undefined, 2);
