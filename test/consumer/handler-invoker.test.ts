import { expect, test } from "vitest";
import * as z from "zod";
import { createHandlerInvoker } from "../../consumer/handler-invoker.ts";
import { type HandlerContext, type Handlers, OperationError, withStatus } from "../../consumer/handler.ts";
import { createReplies } from "../../consumer/replies.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import type { Reply } from "../../protocol/reply-event.ts";
import { createRecordedLog } from "./log.ts";
import { createManualTime } from "./manual-time.ts";
import { newRequest } from "./requests.ts";

const greet = operation({
  request: z.strictObject({ name: z.string().default("nobody") }),
  reply: z.strictObject({ greeting: z.string() }).optional(),
});
const contract = defineContract({ greet });
type Greet = Handlers<typeof contract>["greet"];

const setUp = (handler: Greet) => {
  const time = createManualTime();
  const log = createRecordedLog();
  const stop = new AbortController();
  const processing: Reply[] = [];
  const replies = createReplies({ source: "/consumer/test", time });
  const onProcessing = (reply: Reply): void => void processing.push(reply);
  const invoke = createHandlerInvoker({ contract, handlers: { greet: handler }, replies, log, onProcessing, stop: stop.signal, time });
  const request = newRequest({ operation: "greet", data: {}, deadline: time.now() + 5_000 });
  return { time, log, stop, replies, processing, request, invoke: (overrides = {}) => invoke({ ...request, ...overrides }) };
};

test("a handler gets the request as its schema makes it, and what it may know of it", async () => {
  let context: HandlerContext | undefined;
  const { invoke, request, log, time } = setUp(({ name }, given) => {
    context = given;
    given.log.info("greeting");
    return { greeting: `Hello, ${name}` };
  });
  expect(await invoke().result).toMatchObject({
    correlationId: request.correlationId,
    operation: "greet",
    state: "succeeded",
    data: { greeting: "Hello, nobody" },
  });
  expect(context).toMatchObject({ correlationId: request.correlationId, operation: "greet", deadline: new Date(request.deadline) });
  expect(context?.signal.aborted).toBe(false);
  expect(log.lines).toEqual([{ level: "info", correlationId: request.correlationId, operation: "greet", msg: "greeting" }]);
  expect(time.pending).toBe(0);
});

test("a handler may choose the status of a success", async () => {
  const { invoke } = setUp(async () => withStatus(201, { greeting: "made" }));
  expect(await invoke().result).toMatchObject({ state: "succeeded", httpStatus: 201, data: { greeting: "made" } });
});

test("a handler that returns nothing where it may replies null", async () => {
  const { invoke } = setUp(() => undefined);
  expect(await invoke().result).toMatchObject({ state: "succeeded", data: null });
});

test("an OperationError tells the caller its status, code, detail and members", async () => {
  const { invoke, log } = setUp(() => {
    throw new OperationError(409, "NAME_TAKEN", "That name is taken.", { name: "bob", status: 200 });
  });
  expect(await invoke().result).toMatchObject({
    state: "failed",
    data: { type: "about:blank", title: "Conflict", status: 409, code: "NAME_TAKEN", detail: "That name is taken.", name: "bob" },
  });
  expect(log.lines).toEqual([]);
});

test("any other exception tells the caller nothing of the inside, and the log everything", async () => {
  const { invoke, log } = setUp(async () => {
    throw new Error("password is hunter2");
  });
  const reply = await invoke().result;
  expect(reply).toMatchObject({ state: "failed", data: { status: 500, code: "HANDLER_FAILED" } });
  expect(JSON.stringify(reply)).not.toContain("hunter2");
  expect(log.lines).toMatchObject([
    { level: "error", err: { message: "password is hunter2", stack: expect.stringContaining("handler-invoker.test") } },
  ]);
});

test("a reply that does not fit the schema fails, and only the log says why", async () => {
  const { invoke, log } = setUp((() => ({ greting: "typo" })) as never);
  const reply = await invoke().result;
  expect(reply).toMatchObject({ state: "failed", data: { code: "INVALID_REPLY" } });
  expect(JSON.stringify(reply)).not.toContain("greting");
  expect(log.lines).toMatchObject([{ level: "error", issues: [{ path: "/greeting" }, { path: "" }] }]);
});

test("a schema that throws while it reads a request fails that request only", async () => {
  const brittle = operation({
    ...greet,
    request: greet.request.refine(() => {
      throw new Error("a bug in a schema");
    }),
  });
  const { log, replies, stop, time, request } = setUp(() => undefined);
  const invoke = createHandlerInvoker({
    contract: defineContract({ greet: brittle }),
    handlers: { greet: () => undefined },
    replies,
    log,
    stop: stop.signal,
    onProcessing() {},
    time,
  });
  expect(await invoke(request).result).toMatchObject({ state: "failed", data: { code: "HANDLER_FAILED" } });
  expect(log.lines).toMatchObject([{ level: "error", err: { message: "a bug in a schema" } }]);
});

test("a request past its deadline is not started", async () => {
  let started = false;
  const { invoke, time } = setUp(() => {
    started = true;
    return { greeting: "late" };
  });
  expect(await invoke({ deadline: time.now() }).result).toMatchObject({ state: "expired" });
  expect(started).toBe(false);
});

test("says that it is processing after 250 ms, once, and not for what is quicker", async () => {
  const slow = Promise.withResolvers<void>();
  const { invoke, time, processing, request } = setUp(() => slow.promise.then(() => ({ greeting: "slow" })));
  const running = invoke();
  await time.advance(249);
  expect(processing).toEqual([]);
  await time.advance(1);
  expect(processing).toMatchObject([{ state: "processing", correlationId: request.correlationId, operation: "greet" }]);
  slow.resolve();
  expect(await running.result).toMatchObject({ state: "succeeded" });
  await time.advance(10_000);
  expect(processing).toHaveLength(1);
});

test("at the deadline the signal aborts and the caller is told, though the handler goes on", async () => {
  const stubborn = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const { invoke, time } = setUp((_, context) => {
    signal = context.signal;
    return stubborn.promise.then(() => ({ greeting: "too late" }));
  });
  const running = invoke();
  let ended = false;
  void running.ended.then(() => (ended = true));
  await time.advance(4_999);
  expect(signal?.aborted).toBe(false);
  await time.advance(1);
  expect(signal?.reason).toMatchObject({ name: "TimeoutError" });
  expect(await running.result).toMatchObject({ state: "expired" });
  expect(ended).toBe(false);
  stubborn.resolve();
  await running.ended;
});

test("a handler that fails because its signal aborted is no error", async () => {
  const { invoke, time, log } = setUp(
    (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  );
  const running = invoke();
  await time.advance(5_000);
  expect(await running.result).toMatchObject({ state: "expired" });
  await running.ended;
  expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("every running handler is told when the process stops", async () => {
  const signals: AbortSignal[] = [];
  const { invoke, stop } = setUp((_, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  for (let count = 0; count < 20; count += 1) invoke();
  stop.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual(Array.from({ length: 20 }, () => true));
});

test("a deadline further away than timers reach does not fire at once", async () => {
  const { invoke, time } = setUp(() => new Promise((resolve) => time.setTimeout(() => resolve({ greeting: "in time" }), 1_000)));
  const running = invoke({ deadline: time.now() + 2 ** 40 });
  await time.advance(1_000);
  expect(await running.result).toMatchObject({ state: "succeeded" });
});
