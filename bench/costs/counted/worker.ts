import { contract } from "../../../test/project/app/contract.ts";
import { defineWorker } from "../../../worker/define-worker.ts";
import type { Bindings } from "../../../worker/hosts/cloudflare/bindings.ts";
import { MailboxObject } from "../../../worker/hosts/cloudflare/mailbox-object.ts";
import { add, type Counts, countStorage, createCallCounter, observe } from "./counts.ts";

const { worker } = defineWorker({ contract });
type Env = Bindings & { readonly MAILBOX_SHARDS: string };

/** Of this isolate, which the Worker and its objects share. */
const counts: Counts = {};
const clock = { now: Date.now, aheadMs: 0 };
Date.now = () => clock.now() + clock.aheadMs;

const environments = new WeakMap<object, Env>();

/** The same bindings, with a count of what is done with them; one for each that the runtime hands in, as the Worker expects. */
const countedEnvironment = (env: Env): Env => {
  const { REPLIES, KAFKA_REST } = env as { readonly REPLIES?: object; readonly KAFKA_REST?: object };
  const counted = environments.get(env) ?? {
    ...env,
    ...(REPLIES && { REPLIES: observe(REPLIES, (name) => add(counts, `KV ${name}`)) }),
    ...(KAFKA_REST && { KAFKA_REST: observe(KAFKA_REST, () => add(counts, "fetches")) }),
  };
  environments.set(env, counted as Env);
  return counted as Env;
};

const MINUTE_MS = 60_000;
const written = (): number => counts["rows written"] ?? 0;

/** A mailbox shard that counts what it does. */
export class Mailbox extends MailboxObject {
  readonly countCall = createCallCounter(counts, clock.now);

  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx.storage, counts);
    super(ctx, countedEnvironment(env), contract);
  }

  /** Lets so many minutes pass at once, with an alarm in each, and then as many as there is something to delete for. */
  async letPass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      clock.aheadMs += MINUTE_MS;
      await this.alarm();
    }
    for (let before = -1; written() > before;) {
      before = written();
      await this.alarm();
    }
    clock.aheadMs = 0;
  }
}

/** All methods of the real one, whatever they are called: each call of a stub is billed. */
for (const name of Object.getOwnPropertyNames(MailboxObject.prototype)) {
  if (name === "constructor") continue;
  const method = MailboxObject.prototype[name as keyof MailboxObject] as (this: MailboxObject, ...args: unknown[]) => unknown;
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
  if (pathname !== "/counts") {
    add(counts, `${request.method} /${pathname.split("/")[1]}`);
    return worker.fetch(request as never, countedEnvironment(env)) as Promise<Response>;
  }
  if (request.method === "POST") await Promise.all(shards(env).map((shard) => shard.letPass(Number(searchParams.get("minutes")))));
  return Response.json(counts);
};
