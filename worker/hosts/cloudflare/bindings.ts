import type { LimitsObject } from "./limits-object.ts";
import type { MailboxObject } from "./mailbox-object.ts";
import type { ViewsObject } from "./views-object.ts";

/** What wrangler.toml binds, beside variables and secrets. */
export type Bindings = {
  /** Finished statuses. */
  readonly REPLIES: KVNamespace;
  /** API keys, with AUTH=keys. */
  readonly KEYS?: KVNamespace;
  readonly MAILBOX: DurableObjectNamespace<MailboxObject>;
  /** Where requests are counted; needed by plans that count. */
  readonly LIMITS?: DurableObjectNamespace<LimitsObject>;
  /** Where the rows of views are; needed by a contract that has views. */
  readonly VIEWS?: DurableObjectNamespace<ViewsObject>;
  /** The files of the console. */
  readonly ASSETS?: Fetcher;
  /** Leads to a Kafka REST proxy in a private network. */
  readonly KAFKA_REST?: Fetcher;
};
