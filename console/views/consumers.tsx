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
      {consumers.map(({ instance, version, operations, links }) => (
        <li key={instance}>
          <p>
            <code>{instance}</code> <span class="hint">version {version}</span>
          </p>
          <p class="hint">Handles {operations.join(", ")}</p>
          <p class="hint">
            {links.length === 1 ? "One link: " : `${links.length} links: `}
            {links.map(({ shard, openedAt }) => `shard ${shard}, opened ${formatAge(now - Date.parse(openedAt))}`).join("; ")}
          </p>
        </li>
      ))}
    </ul>
  );
