import { PLANS } from "./plans.ts";
import { contract } from "../../../test/project/app/contract.ts";
import { defineWorker } from "../../../worker/define-worker.ts";
import type { Bindings } from "../../../worker/hosts/cloudflare/bindings.ts";
import { LimitsObject } from "../../../worker/hosts/cloudflare/limits-object.ts";
import { MailboxObject } from "../../../worker/hosts/cloudflare/mailbox-object.ts";
import { add, type Counts, countStorage, createCallCounter, observe } from "./counts.ts";

const { worker } = defineWorker({ contract, plans: PLANS });
type Env = Bindings & { readonly MAILBOX_SHARDS: string };

/** Of this isolate, which the Worker and its objects share. */
const counts: Counts = {};
const clock = { now: Date.now, aheadMs: 0 };
Date.now = () => clock.now() + clock.aheadMs;

const environments = new WeakMap<object, Env>();

/** The same bindings, with a count of what is done with them; one for each that the runtime hands in, as the Worker expects. */
const countedEnvironment = (env: Env): Env => {
  const { REPLIES, KEYS, KAFKA_REST } = env as { readonly REPLIES?: object; readonly KEYS?: object; readonly KAFKA_REST?: object };
  const counted = environments.get(env) ?? {
    ...env,
    ...(REPLIES && { REPLIES: observe(REPLIES, (name) => add(counts, `KV ${name}`)) }),
    ...(KEYS && { KEYS: observe(KEYS, (name) => add(counts, `KV ${name}`)) }),
    ...(KAFKA_REST && { KAFKA_REST: observe(KAFKA_REST, () => add(counts, "fetches")) }),
  };
  environments.set(env, counted as Env);
  return counted as Env;
};

/** A mailbox shard that counts what it does. */
export class Mailbox extends MailboxObject {
  readonly countCall = createCallCounter(counts, clock.now);

  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx.storage, counts);
    super(ctx, countedEnvironment(env), contract);
  }

  /** Lets time pass from alarm to alarm, until none is set because nothing is kept any more. */
  async letPass(): Promise<void> {
    for (let next = await this.ctx.storage.getAlarm(); next !== null; next = await this.ctx.storage.getAlarm()) {
      clock.aheadMs = Math.max(clock.aheadMs, next - clock.now());
      await this.alarm();
    }
    clock.aheadMs = 0;
  }
}

/** An object that counts the requests of callers, and what it does itself. */
export class Limits extends LimitsObject {
  readonly countCall = createCallCounter(counts, clock.now);

  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx.storage, counts);
    super(ctx, countedEnvironment(env));
  }
}

type Counted = { readonly countCall: ReturnType<typeof createCallCounter> };

/** All methods of the real one, whatever they are called: each call of a stub is billed. */
const countMethods = (counted: object, real: object, prefix = ""): void => {
  for (const name of Object.getOwnPropertyNames(real)) {
    if (name === "constructor") continue;
    const method = real[name as keyof typeof real] as (this: object, ...args: unknown[]) => unknown;
    Object.defineProperty(counted, name, {
      value(this: Counted, ...args: unknown[]) {
        return this.countCall(prefix + name, () => method.apply(this, args));
      },
    });
  }
};
countMethods(Mailbox.prototype, MailboxObject.prototype);
countMethods(Limits.prototype, LimitsObject.prototype, "limits ");

const shards = (env: Env) =>
  Array.from({ length: Number(env.MAILBOX_SHARDS) }, (_, number) => {
    const namespace = env.MAILBOX as unknown as DurableObjectNamespace<Mailbox>;
    return namespace.get(namespace.idFromName(`shard-${number}`));
  });

/** The Worker, and beside it `GET /counts`, and `POST /counts`, which lets time pass until no status is kept; neither of them counts. */
export const fetchCounted: ExportedHandlerFetchHandler<Env> = async (request, env) => {
  const { pathname } = new URL(request.url);
  if (pathname !== "/counts") {
    add(counts, `${request.method} /${pathname.split("/")[1]}`);
    return worker.fetch(request as never, countedEnvironment(env)) as Promise<Response>;
  }
  // One after another: they share the clock.
  if (request.method === "POST") for (const shard of shards(env)) await shard.letPass();
  return Response.json(counts);
};
