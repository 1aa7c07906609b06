/** Whether this page can reach its server. `offline` is what the browser says; `unreachable`, what asking says. */
export type Connection = "online" | "offline" | "unreachable";

type ConnectionOptions = {
  /** Whether the server answers. Never rejects. */
  readonly ask: () => Promise<boolean>;
  /** Called with what it is now, and what it was before, if that was known. */
  readonly onChange: (connection: Connection, last: Connection | undefined) => void;
};

const ASK_EVERY_MS = 5_000;

/** Looks after the connection as long as the page is seen. */
export const watchConnection = ({ ask, onChange }: ConnectionOptions): void => {
  let last: Connection | undefined;
  const look = async (): Promise<void> => {
    if (document.hidden) return;
    const connection = !navigator.onLine ? "offline" : (await ask()) ? "online" : "unreachable";
    if (connection === last) return;
    const before = last;
    last = connection;
    onChange(connection, before);
  };
  for (const event of ["online", "offline"]) addEventListener(event, () => void look());
  document.addEventListener("visibilitychange", () => void look());
  setInterval(() => void look(), ASK_EVERY_MS);
  void look();
};
