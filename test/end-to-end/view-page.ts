import type { ServerResponse } from "node:http";
import { build } from "esbuild";
import { serve } from "../helpers/served.ts";
import { ROOT } from "../../tools/root.ts";

/** A page that shows a balance by `useView`, and the server of the view on the same origin. */
export type ViewPage = {
  readonly url: string;
  /** The key of each row that was asked for, and behind it the last event that the reader had. */
  readonly asked: readonly string[];
  /** The streams that are open, by their keys. */
  readonly open: ReadonlyMap<ServerResponse, string>;
  /** Tells all readers of a row how it is from now on, and whoever comes later. Undefined: it has left. */
  put(key: string, row: unknown): void;
  /** Cuts all streams. */
  cut(): void;
  close(): void;
};

const PAGE = `
  import { StrictMode, createElement, useState } from "react";
  import { createRoot } from "react-dom/client";
  import { createClient } from "./client/index.ts";
  import { useView } from "./client/react.ts";
  const client = createClient();
  const Balance = ({ account }) => {
    const { row, isLive, error } = useView(client, "balances", account);
    return createElement("output", null, [account, row?.balance ?? "none", isLive ? "live" : "not live", error?.code].join(" ").trim());
  };
  const App = () => {
    const [account, show] = useState("ada");
    const button = (name) => createElement("button", { key: name, onClick: () => show(name) }, name || "nobody");
    return createElement("main", null, account && createElement(Balance, { account }), ["ada", "bob", ""].map(button));
  };
  createRoot(document.body).render(createElement(StrictMode, null, createElement(App)));
`;

export const serveViewPage = async (): Promise<ViewPage> => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "silent",
    // Only there does StrictMode mount everything twice.
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const script = outputFiles[0]?.text ?? "";
  const asked: string[] = [];
  const open = new Map<ServerResponse, string>();
  const rows = new Map<string, string>();
  let offset = 0;
  const eventOf = (row: unknown): string => {
    const id = `account.0.${offset++}.generation`;
    return row === undefined
      ? `event: removed\nid: ${id}\ndata: ${JSON.stringify({ position: id })}\n\n`
      : `event: row\nid: ${id}\ndata: ${JSON.stringify(row)}\n\n`;
  };
  const served = await serve(({ url = "", headers }, response) => {
    if (url === "/page.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    if (!url.startsWith("/views/"))
      return response
        .writeHead(200, { "content-type": "text/html" })
        .end(`<!doctype html><html lang="en"><title>Balance</title><body></body><script type="module" src="/page.js"></script></html>`);
    const key = url.split("/").at(-1) ?? "";
    asked.push(`${key} ${headers["last-event-id"] ?? "-"}`);
    open.set(response, key);
    response.once("close", () => open.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream" });
    return response.write(`retry: 1000\n\n${rows.get(key) ?? "event: removed\ndata: {}\n\n"}`);
  });
  return {
    ...served,
    asked,
    open,
    put(key, row) {
      const text = eventOf(row);
      rows.set(key, text);
      for (const [response, own] of open) if (own === key) response.write(text);
    },
    cut() {
      for (const response of open.keys()) response.socket?.destroy();
    },
  };
};
