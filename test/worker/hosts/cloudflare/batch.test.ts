import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { defineWorker } from "../../../../worker/define-worker.ts";
import { contract } from "../../../project/app/contract.ts";
import { batchInit, itemOf, resultsOf } from "../../support/batches.ts";

/** Objects whose calls are noted by name. */
const noting = <Namespace extends DurableObjectNamespace<never> | undefined>(namespace: Namespace, calls: string[]): Namespace =>
  ({
    idFromName: (name: string) => namespace?.idFromName(name),
    get: (id: DurableObjectId) =>
      new Proxy(namespace?.get(id) as unknown as object, {
        get(stub, name) {
          calls.push(String(name));
          return Reflect.get(stub, name) as unknown;
        },
      }),
  }) as unknown as Namespace;

const items = (count: number, each = (index: number) => itemOf("echo", index)): string =>
  `{"requests":[${Array.from({ length: count }, (_, index) => each(index)).join(",")}]}`;

test.each<Record<string, string>>([{}, { "idempotency-key": '"of its own"' }])(
  "a hundred requests are one call of the mailbox, one of the quota and one of Kafka, with headers %o",
  async (headers) => {
    const calls: string[] = [];
    const { worker } = defineWorker({
      contract,
      plans: { default: { quota: { requests: 99, per: "month" } } },
      authenticate: () => ({ subject: crypto.randomUUID(), scopes: ["requests:*"] }),
    });
    const noted = { ...env, MAILBOX: noting(env.MAILBOX as never, calls), LIMITS: noting(env.LIMITS as never, calls) };
    const fetching = vi.spyOn(globalThis, "fetch");
    const request = new Request("https://api.example/requests:batch", batchInit(items(100), headers));
    const response = await worker.fetch(request, noted as never);
    const produced = fetching.mock.calls.length;
    fetching.mockRestore();
    expect(response.headers.get("ratelimit")).toMatch(/^"month";r=0;t=/);
    const results = await resultsOf(response);
    expect(results.map(({ status }) => status)).toEqual([...Array.from({ length: 99 }, () => 202), 429]);
    expect(results[99]).toMatchObject({ code: "QUOTA_EXCEEDED", retryAfterSeconds: expect.any(Number) });
    expect([calls, produced]).toEqual([["enterAll", "requestsTogether"], 1]);
  },
);

test("a mailbox that cannot be reached is told of each request", async () => {
  const away = {
    idFromName: () => undefined,
    get: () => ({ requestsTogether: () => Promise.reject(Object.assign(new Error("busy"), { overloaded: true })) }),
  };
  const { worker } = defineWorker({ contract, authenticate: () => ({ subject: "ada", scopes: ["requests:*"] }) });
  const request = new Request("https://api.example/requests:batch", batchInit(items(2)));
  const results = await resultsOf(await worker.fetch(request, { ...env, MAILBOX: away } as never));
  expect(results).toMatchObject([
    { status: 503, code: "OVERLOADED", retryable: true, retryAfterSeconds: 1 },
    { status: 503, code: "OVERLOADED" },
  ]);
});
