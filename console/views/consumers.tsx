import type { ConnectedConsumer } from "../consumers.ts";
import { formatAge } from "./duration.ts";

type ConsumersProps = {
  readonly consumers: readonly ConnectedConsumer[];
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Who handles requests: which version, which operations, and since when it has been connected to each shard. */
export const Consumers = ({ consumers, now }: ConsumersProps) =>
  consumers.length === 0 ? (
    <p class="empty">None is connected. What is sent waits in Kafka until one is.</p>
  ) : (
    <ul class="consumers">
      {consumers.map(({ instance, version, operations, links, lag }) => (
        <li key={instance}>
          <p>
            <code>{instance}</code> <span class="hint">version {version}</span>
          </p>
          <p class="hint">Handles {operations.join(", ")}</p>
          {lag !== undefined && <p class="hint">{describeLag(lag)}</p>}
          <p class="hint">
            {links.length === 1 ? "One link: " : `${links.length} links: `}
            {links.map(({ shard, openedAt }) => `shard ${shard}, opened ${formatAge(now - Date.parse(openedAt))}`).join("; ")}
          </p>
        </li>
      ))}
    </ul>
  );

/** So many partitions are named. */
const MAX_NAMED = 6;

const describeLag = (lag: NonNullable<ConnectedConsumer["lag"]>): string => {
  const behind = lag.filter((one) => one.lag > 0).toSorted((one, other) => other.lag - one.lag);
  if (behind.length === 0) return lag.length === 0 ? "It has no partitions now." : "It has handled all that there is.";
  const sum = behind.reduce((total, one) => total + one.lag, 0);
  const named = behind.slice(0, MAX_NAMED).map((one) => `${one.topic}-${one.partition}: ${one.lag.toLocaleString("en")}`);
  const more = behind.length > MAX_NAMED ? `, and ${behind.length - MAX_NAMED} more` : "";
  return `Lag: ${sum.toLocaleString("en")} ${sum === 1 ? "record" : "records"} (${named.join(", ")}${more})`;
};
