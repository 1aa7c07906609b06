import type { Connection } from "../connection.ts";

const WORDS: Readonly<Record<Exclude<Connection, "online">, string>> = {
  offline: "This browser is offline. What was sent goes on; the page asks for it as soon as the network is back.",
  unreachable: "The server does not answer. What Kafka has goes on; the page asks for it again until it can.",
};

/** Shows that the page cannot reach its server. */
export const ConnectionNotice = ({ connection }: { readonly connection: Connection }) => (
  <p role="alert" class="connection" data-connection={connection}>
    {connection === "online" ? "" : WORDS[connection]}
  </p>
);
