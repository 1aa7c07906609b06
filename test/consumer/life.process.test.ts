import { fileURLToPath } from "node:url";
import { defineConsumer, type Handlers } from "@rejoinder/sdk/consumer";
import { startRejoinder } from "@rejoinder/sdk/testing";
import { afterAll, describe, expect, test } from "vitest";
import { createProject } from "../helpers/project.ts";
import { HOSTS } from "../helpers/stack.ts";
import { contract } from "./fixtures/life-contract.ts";
import { createLifeCaller, isEnded } from "./life-caller.ts";

const CONTRACT = fileURLToPath(new URL("fixtures/life-contract.ts", import.meta.url));
const project = createProject({ "app/contract.ts": `export { contract } from ${JSON.stringify(CONTRACT)};`, "tsconfig.json": "{}" });
afterAll(() => project.remove());

type AllHandlers = Handlers<typeof contract>;

/** The real path, with these handlers. */
const start = async (host: (typeof HOSTS)[number], handlers: Partial<AllHandlers>) => {
  const none = (): never => expect.fail("Expected another operation");
  const definition = defineConsumer({ contract, handlers: { tell: none, hurry: none, ...handlers } });
  const app = await startRejoinder(definition, { directory: project.directory, host });
  return { ...createLifeCaller(app.url), [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
};

describe.each(HOSTS)("in %s", { retry: 0 }, (host) => {
  test("the caller sees how far a handler is and what it has given, while it works and afterwards", async () => {
    const end = Promise.withResolvers<string>();
    await using stage = await start(host, {
      async tell(_, { attempt, progress, emit }) {
        await progress({ percent: 40 });
        for (const chunk of ["a", "b", "c"]) await emit(chunk);
        return [attempt, await end.promise];
      },
    });
    const correlationId = await stage.send("tell", "now");
    const working = await stage.reach(correlationId, ({ progress, chunks }) => progress !== undefined && chunks?.length === 3);
    expect(working).toMatchObject({ state: "processing", attempt: 1, progress: { percent: 40 }, chunks: ["a", "b", "c"] });
    end.resolve("done");
    expect(await stage.reach(correlationId, isEnded)).toMatchObject({ state: "succeeded", reply: [1, "done"], chunks: ["a", "b", "c"] });
  });

  test("a request is cancelled once its handler has ended, and not before", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const end = Promise.withResolvers<never>();
    await using stage = await start(host, {
      async tell(_, { signal }) {
        started.resolve(signal);
        return end.promise;
      },
    });
    const correlationId = await stage.send("tell", "now");
    const signal = await started.promise;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    expect(await stage.cancel(correlationId)).toMatchObject({ state: "cancelling" });
    await aborted;
    expect(signal.reason).toMatchObject({ name: "AbortError" });
    expect(await stage.read(correlationId)).toMatchObject({ state: "cancelling" });
    end.reject(signal.reason);
    expect(await stage.reach(correlationId, isEnded)).toMatchObject({ state: "cancelled", error: { code: "CANCELLED" } });
  });

  test("a reply that comes nevertheless counts", async () => {
    const started = Promise.withResolvers<void>();
    await using stage = await start(host, {
      async tell(_, { signal }) {
        const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        started.resolve();
        await aborted;
        return "it had begun";
      },
    });
    const correlationId = await stage.send("tell", "now");
    await started.promise;
    await stage.cancel(correlationId);
    expect(await stage.reach(correlationId, isEnded)).toMatchObject({ state: "succeeded", reply: "it had begun" });
  });

  test("10,000 chunks arrive in order before the reply, and one more fails the request", async () => {
    await using stage = await start(host, {
      async tell(count, { emit }) {
        for (let index = 0; index < Number(count); index++) await emit(`${index}`);
        return "done";
      },
    });
    const enough = await stage.reach(await stage.send("tell", "10000"), isEnded);
    expect(enough).toMatchObject({ state: "succeeded", reply: "done" });
    expect(enough.chunks).toEqual(Array.from({ length: 10_000 }, (_, index) => `${index}`));
    const tooMany = await stage.reach(await stage.send("tell", "10001"), isEnded);
    expect(tooMany).toMatchObject({ state: "failed", error: { code: "TOO_MANY_CHUNKS" } });
    expect(tooMany.chunks).toHaveLength(10_000);
  });

  test("a handler that never returns, replies too much or what its schema refuses leaves no request without an end", async () => {
    await using stage = await start(host, {
      hurry(kind) {
        if (kind === "never") return new Promise(() => {});
        if (kind === "large") return { text: "x".repeat(5 * 1024 * 1024) };
        return { words: "none that the contract knows" } as never;
      },
    });
    const ends = ["never", "large", "strange"].map(async (kind) => stage.reach(await stage.send("hurry", kind), isEnded));
    expect(await Promise.all(ends)).toMatchObject([
      { state: "expired", error: { code: "DEADLINE_EXCEEDED" } },
      { state: "failed", error: { code: "REPLY_TOO_LARGE" } },
      { state: "failed", error: { code: "INVALID_REPLY" } },
    ]);
  });
});
