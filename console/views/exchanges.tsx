import type { HeaderList, HttpExchange } from "../requests/recorder.ts";
import { formatDuration } from "./duration.ts";

/** The HTTP exchanges of a request, as they went over the wire. */
export const Exchanges = ({ exchanges, sentAt }: { readonly exchanges: readonly HttpExchange[]; readonly sentAt: number }) => (
  <section class="exchanges" aria-label="HTTP exchanges">
    <h3>HTTP</h3>
    {exchanges.length === 0 && <p class="empty">What goes over the wire is shown here. It is not kept when the page is loaded again.</p>}
    {exchanges.map((exchange) => (
      <details key={exchange.startedAt}>
        <summary>
          <code>
            {exchange.method} {exchange.url.replace(/^(\/status\/.{8}).*/, "$1…")}
          </code>
          <span class={(exchange.answer?.status ?? 599) >= 400 ? "bad" : "good"}>{exchange.answer?.status ?? "no answer"}</span>
          <span class="time">
            +{formatDuration(exchange.startedAt - sentAt)}, took {formatDuration(exchange.tookMs)}
          </span>
        </summary>
        <pre tabIndex={0} aria-label="Request as it was sent">
          {messageText(`${exchange.method} ${exchange.url}`, exchange.requestHeaders, exchange.requestBody)}
        </pre>
        <pre tabIndex={0} aria-label="Answer as it came">
          {exchange.answer === undefined
            ? exchange.failure
            : messageText(`HTTP ${exchange.answer.status}`, exchange.answer.headers, exchange.answer.body)}
        </pre>
      </details>
    ))}
  </section>
);

const messageText = (first: string, headers: HeaderList, body: string | undefined): string =>
  [first, ...headers.map(([name, value]) => `${name}: ${value}`), ...(body ? ["", body] : [])].join("\n");
