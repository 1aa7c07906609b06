import { formatDuration } from "./duration.ts";
import { element } from "./element.ts";
import { durationOf, type Exchange, isOpen, stateOf } from "./exchange.ts";

/** The exchanges of this page as a list of buttons, newest first; pressing one calls `onChoose` with its number. */
export const viewHistory = (exchanges: readonly Exchange[], shown: number | undefined, onChoose: (number: number) => void): Node[] =>
  exchanges.toReversed().map((exchange) => {
    const state = stateOf(exchange);
    const button = element(
      "button",
      { type: "button", "data-number": String(exchange.number), ...(exchange.number === shown ? { "aria-current": "true" } : {}) },
      element("span", { class: "number" }, `#${exchange.number}`),
      element("span", { class: "operation" }, exchange.operation),
      element("span", { class: "request" }, JSON.stringify(exchange.request).slice(0, 120)),
      element("span", { class: "state", "data-state": state }, state),
      element("span", { class: "time" }, isOpen(state) ? "…" : formatDuration(durationOf(exchange))),
    );
    button.addEventListener("click", () => onChoose(exchange.number));
    return element("li", {}, button);
  });
