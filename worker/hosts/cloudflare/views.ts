import { type Contract, partsOf } from "../../../contract/contract.ts";
import { ConfigurationError } from "../../../environment/environment.ts";
import { shardedViews } from "../../views/sharded-views.ts";
import type { FoundRow, Unreadable, ViewStore } from "../../views/view-store.ts";
import type { Bindings } from "./bindings.ts";
import { createCallBatcher } from "./call-batcher.ts";
import type { RowCall } from "./views-object.ts";

/** How much longer than its wait a read may take before the object counts as lost. */
const GRACE_MS = 5_000;

type ObjectViewsOptions = {
  readonly env: Bindings;
  readonly shards: number;
  readonly locationHint?: DurableObjectLocationHint | undefined;
};

/**
 * The views of a contract in Durable Objects; undefined if it has none.
 * @throws ConfigurationError if it has some, and there is nowhere to keep them
 */
export const cloudflareViews = (contract: Contract, { env, shards, locationHint }: ObjectViewsOptions): ViewStore | undefined => {
  if (partsOf(contract).views.size === 0) return undefined;
  const { VIEWS: namespace } = env;
  if (namespace === undefined) throw new ConfigurationError([NOT_BOUND]);
  const options = locationHint === undefined ? {} : { locationHint };
  return shardedViews(
    Array.from({ length: shards }, (_, number): ViewStore => {
      // With another number of shards most rows belong elsewhere: then other objects begin anew, and consumers send them all rows.
      const object = () => namespace.get(namespace.idFromName(`views-${number}-of-${shards}`), options);
      const read = createCallBatcher<RowCall, FoundRow | Unreadable>({
        callMany: (calls, report) => object().reads(calls, report),
        sizeOf: ({ query }) => query.key.length,
      });
      return {
        store: (batch) => object().store(batch),
        read: (query, caller) => read({ query, waitsAs: caller?.waitsAs }, query.waitMs + GRACE_MS),
        list: (query, caller) => object().list(query, { waitsAs: caller?.waitsAs }),
        versions: (views) => object().versions(views),
        act: (view, action) => object().act(view, action),
      };
    }),
  );
};

const NOT_BOUND = `VIEWS is not bound, and the contract has views: export Views from the Worker's module, and add to wrangler.toml, here and for production, [[durable_objects.bindings]] name = "VIEWS", class_name = "Views"; and once [[migrations]] tag = "views", new_sqlite_classes = ["Views"].`;
