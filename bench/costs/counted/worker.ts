import { contract } from "../../../test/project/app/contract.ts";
import type { Bindings } from "../../../worker/hosts/cloudflare/bindings.ts";
import { defineWorker } from "../../../worker/define-worker.ts";
import { defineMailbox } from "../../../worker/hosts/cloudflare/mailbox-object.ts";
import { countBindings, countStorage, createCallCounter, createCounts, increase } from "./counts.ts";

const { worker } = defineWorker({ contract });
const RealMailbox = defineMailbox(contract);
type RealMailbox = InstanceType<typeof RealMailbox>;
type Env = Bindings & { readonly MAILBOX_SHARDS: string };

/** Of this isolate, which the Worker and its objects share. */
const counts = createCounts();
const clock = { now: Date.now, aheadMs: 0 };
Date.now = () => clock.now() + clock.aheadMs;

const environments = new WeakMap<object, Env>();

/** One for each that the runtime hands in, as the Worker expects. */
const countedEnvironment = (env: Env): Env => {
  const known = environments.get(env);
  if (known !== undefined) return known;
  const counted = countBindings(env, counts);
  environments.set(env, counted);
  return counted;
};

const MINUTE_MS = 60_000;

/** A mailbox shard that counts what it does. */
export class Mailbox extends RealMailbox {
  readonly #ownContext: DurableObjectState;
  readonly countCall = createCallCounter(counts, clock.now);

  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx.storage, counts);
    super(ctx, countedEnvironment(env));
    this.#ownContext = ctx;
  }

  /** The size of its database, in bytes. */
  size(): number {
    return this.#ownContext.storage.sql.databaseSize;
  }

  /** Lets so many minutes pass at once, with an alarm in each, and then as many as there is something to delete for. */
  async letPass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      clock.aheadMs += MINUTE_MS;
      await this.alarm();
    }
    for (let before = -1; counts.rowsWritten > before;) {
      before = counts.rowsWritten;
      await this.alarm();
    }
    clock.aheadMs = 0;
  }
}

/** All methods of the real one, whatever they are called: each call of a stub is billed. */
for (const name of Object.getOwnPropertyNames(RealMailbox.prototype)) {
  if (name === "constructor") continue;
  const method = RealMailbox.prototype[name as keyof RealMailbox] as (this: RealMailbox, ...args: unknown[]) => unknown;
  Object.defineProperty(Mailbox.prototype, name, {
    value(this: Mailbox, ...args: unknown[]) {
      return this.countCall(name, () => method.apply(this, args));
    },
  });
}

const shards = (env: Env) =>
  Array.from({ length: Number(env.MAILBOX_SHARDS) }, (_, number) => {
    const namespace = env.MAILBOX as unknown as DurableObjectNamespace<Mailbox>;
    return namespace.get(namespace.idFromName(`shard-${number}`));
  });

/** The Worker, and beside it `GET /counts`, and `POST /counts?minutes=60`, which lets time pass; neither of them counts. */
export const fetchCounted: ExportedHandlerFetchHandler<Env> = async (request, env) => {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/counts") {
    if (request.method === "POST") await Promise.all(shards(env).map((shard) => shard.letPass(Number(searchParams.get("minutes")))));
    const sizes = await Promise.all(shards(env).map((shard) => shard.size()));
    return Response.json({ ...counts, databaseBytes: sizes.reduce((sum, size) => sum + size, 0) });
  }
  increase(counts.workerRequests, `${request.method} /${pathname.split("/")[1]}`);
  return worker.fetch(request as never, countedEnvironment(env)) as Promise<Response>;
};
