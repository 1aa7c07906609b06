import type { Contract } from "../contract/contract.ts";
import { openEditor } from "./editor.ts";
import { byId } from "./element.ts";
import { createExchange, type Exchange, hear } from "./exchange.ts";
import { describeExchange, viewExchange } from "./exchange-view.ts";
import { viewHistory } from "./history.ts";
import { sendRequest } from "./request.ts";

/** How many exchanges the page remembers; the oldest are forgotten. */
const MAX_EXCHANGES = 50;

/** Brings index.html to life for the operations of a contract. */
export const openPage = (contract: Contract): void => {
  const exchanges = new Map<number, Exchange>();
  let sent = 0;
  let shown: number | undefined;

  const renderExchange = (): void => {
    const exchange = shown === undefined ? undefined : exchanges.get(shown);
    if (exchange !== undefined) byId("exchange", HTMLElement).replaceChildren(...viewExchange(exchange));
  };
  const renderHistory = (): void => {
    const history = byId("history", HTMLElement);
    const focused = document.activeElement?.getAttribute("data-number") ?? "none";
    history.replaceChildren(...viewHistory([...exchanges.values()], shown, show));
    history.querySelector<HTMLElement>(`[data-number="${focused}"]`)?.focus();
    byId("earlier", HTMLElement).hidden = exchanges.size === 0;
  };
  const show = (number: number): void => {
    shown = number;
    renderExchange();
    renderHistory();
  };
  const add = (exchange: Exchange): void => {
    exchanges.set(exchange.number, exchange);
    const oldest = exchanges.size > MAX_EXCHANGES ? exchanges.keys().next().value : undefined;
    if (oldest !== undefined) exchanges.delete(oldest);
    show(exchange.number);
    // On a phone the reply is below the editor.
    byId("exchange", HTMLElement).scrollIntoView({ block: "nearest" });
  };
  const replace = (exchange: Exchange): void => {
    if (!exchanges.has(exchange.number)) return;
    exchanges.set(exchange.number, exchange);
    // Only the exchange with news is drawn again, so that text selected in another reply stays selected.
    if (exchange.number === shown) renderExchange();
    renderHistory();
    byId("announcement", HTMLElement).textContent = describeExchange(exchange);
  };
  const exchange = async (operation: string, request: unknown): Promise<void> => {
    sent += 1;
    let current = createExchange(sent, operation, request, performance.now());
    add(current);
    for await (const news of sendRequest(operation, request, { pause: pauseOrOnline })) {
      current = hear(current, news, performance.now());
      replace(current);
    }
  };

  openEditor(contract, (operation, request) => void exchange(operation.name, request));
};

/** A pause that ends early when the browser is back on a network. */
const pauseOrOnline = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
  });
