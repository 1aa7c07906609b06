import { expect, test } from "vitest";
import * as z from "zod";
import { createHandlerInvoker } from "../../consumer/handler-invoker.ts";
import { createCancellations } from "../../consumer/cancellations.ts";
import { type HandlerContext, OperationError, withStatus } from "../../consumer/handler.ts";
import { defineContract } from "../../contract/contract.ts";
import { operation } from "../../contract/operation.ts";
import { dataSchemaOf } from "../../protocol/request-event.ts";
import { answerOf, createInvokerStage, greet, ownSchema } from "./invoker-stage.ts";

test("a handler gets the request as its schema makes it, and what it may know of it", async () => {
  let context: HandlerContext | undefined;
  const { invoke, request, log, time } = createInvokerStage(({ name }, given) => {
    context = given;
    given.log.info("greeting");
    return { greeting: `Hello, ${name}` };
  });
  expect(answerOf(await invoke().result)?.reply).toMatchObject({
    correlationId: request.correlationId,
    operation: "greet",
    state: "succeeded",
    data: { greeting: "Hello, nobody" },
  });
  expect(context).toMatchObject({ correlationId: request.correlationId, operation: "greet", deadline: new Date(request.deadline) });
  expect(context?.signal.aborted).toBe(false);
  expect(log.lines).toEqual([{ level: "info", correlationId: request.correlationId, operation: "greet", msg: "greeting" }]);
  expect(time.timers()).toBe(0);
});

test("a handler may choose the status of a success", async () => {
  const { invoke } = createInvokerStage(async () => withStatus(201, { greeting: "made" }));
  expect(answerOf(await invoke().result)?.reply).toMatchObject({ state: "succeeded", httpStatus: 201, data: { greeting: "made" } });
});

test("a handler that returns nothing where it may replies null", async () => {
  const { invoke } = createInvokerStage(() => undefined);
  expect(answerOf(await invoke().result)?.reply).toMatchObject({ state: "succeeded", data: null });
});

test("an OperationError tells the caller its status, code, detail and members", async () => {
  const { invoke, log } = createInvokerStage(() => {
    throw new OperationError(409, "NAME_UGLY", "That name is ugly.", { name: "bob", status: 200 });
  });
  expect(answerOf(await invoke().result)?.reply).toMatchObject({
    state: "failed",
    data: { type: "about:blank", title: "Conflict", status: 409, code: "NAME_UGLY", detail: "That name is ugly.", name: "bob" },
  });
  expect(log.lines).toEqual([]);
});

test("an error of the contract tells the caller its data as the contract's schema makes it", async () => {
  const { invoke, log } = createInvokerStage((_, { errors }) => {
    throw errors.NAME_TAKEN({ since: "2026-01-01" }, "That name is taken.");
  });
  expect(answerOf(await invoke().result)?.reply).toMatchObject({
    state: "failed",
    data: { status: 409, code: "NAME_TAKEN", detail: "That name is taken.", data: { since: 2026 } },
  });
  expect(log.lines).toEqual([]);
});

test.each([
  ["made by the contract", (errors: HandlerContext["errors"]) => (errors["NAME_TAKEN"] as (data: unknown) => Error)({ since: "soon" })],
  ["made by hand", () => new OperationError(409, "NAME_TAKEN", "That name is taken.")],
])("the data of an error %s that does not fit the schema fails, and only the log says why", async (_, create) => {
  const { invoke, log } = createInvokerStage((_request, { errors }) => {
    throw create(errors as unknown as HandlerContext["errors"]);
  });
  const result = await invoke().result;
  expect(result).toMatchObject({ kind: "failed", isRetryable: false, problem: { status: 500, code: "INVALID_REPLY" } });
  expect(JSON.stringify(result?.kind === "failed" && result.problem)).not.toContain("since");
  expect(log.lines).toMatchObject([{ level: "error", code: "NAME_TAKEN", issues: [{ path: expect.any(String) }] }]);
});

test("an error of the contract made by hand is told like one that the contract made", async () => {
  const { invoke } = createInvokerStage(() => {
    throw new OperationError(409, "NAME_TAKEN", "That name is taken.", { data: { since: "2026-01-01" } });
  });
  expect(answerOf(await invoke().result)?.reply).toMatchObject({ data: { code: "NAME_TAKEN", data: { since: 2026 } } });
});

test("the errors of an operation are the same for every request", async () => {
  const seen: unknown[] = [];
  const { invoke } = createInvokerStage((_, { errors }) => void seen.push(errors));
  await Promise.all([invoke().result, invoke().result]);
  expect(seen[0]).toBe(seen[1]);
});

test("a handler gets the caller's trace, its log lines carry the trace's ID, and the reply goes on in it", async () => {
  let context: HandlerContext | undefined;
  const { invoke, log, time, processing } = createInvokerStage(async (_, given) => {
    context = given;
    given.log.info("greeting");
    await slow.promise;
    return undefined;
  });
  const slow = Promise.withResolvers<void>();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const running = invoke({ traceparent });
  await time.elapse(250);
  slow.resolve();
  expect(answerOf(await running.result)?.reply).toMatchObject({ state: "succeeded", traceparent });
  expect(processing).toMatchObject([{ traceparent }]);
  expect(context).toMatchObject({ traceparent });
  expect(log.lines).toMatchObject([{ traceId: "0af7651916cd43dd8448eb211c80319c", msg: "greeting" }]);
});

test.each([undefined, "", "00-0AF7-1-01", "none"])("a trace context of %j names no trace in the log", async (traceparent) => {
  const { invoke, log } = createInvokerStage((_, context) => void context.log.info("greeting"));
  await invoke({ traceparent }).result;
  expect(log.lines).toMatchObject([{ msg: "greeting" }]);
  expect(log.lines[0]).not.toHaveProperty("traceId");
});

test("any other exception tells the caller nothing of the inside, and the log everything", async () => {
  const { invoke, log } = createInvokerStage(async () => {
    throw new Error("password is hunter2");
  });
  const result = await invoke().result;
  expect(result).toMatchObject({ kind: "failed", isRetryable: false, problem: { status: 500, code: "HANDLER_FAILED" } });
  expect(JSON.stringify(result?.kind === "failed" && result.problem)).not.toContain("hunter2");
  expect(log.lines).toMatchObject([
    { level: "error", err: { message: "password is hunter2", stack: expect.stringContaining("handler-invoker.test") } },
  ]);
});

test("a reply that does not fit the schema fails, and only the log says why", async () => {
  const { invoke, log } = createInvokerStage((() => ({ greting: "typo" })) as never);
  const result = await invoke().result;
  expect(result).toMatchObject({ kind: "failed", problem: { code: "INVALID_REPLY" } });
  expect(JSON.stringify(result?.kind === "failed" && result.problem)).not.toContain("greting");
  expect(log.lines).toMatchObject([{ level: "error", issues: [{ path: "/greeting" }, { path: "" }] }]);
});

test("a schema that throws while it reads a request fails that request only", async () => {
  const brittle = operation({
    ...greet,
    request: greet.request.refine(() => {
      throw new Error("a bug in a schema");
    }),
  });
  const { log, replies, stop, time, request } = createInvokerStage(() => undefined);
  const invoke = createHandlerInvoker({
    contract: defineContract({ greet: brittle }),
    handlers: { greet: () => undefined },
    replies,
    log,
    stop: stop.signal,
    deliver: async () => true,
    cancellations: createCancellations(),
    time,
  });
  expect(await invoke(request, 1).result).toMatchObject({ kind: "failed", problem: { code: "HANDLER_FAILED" } });
  expect(log.lines).toMatchObject([{ level: "error", err: { message: "a bug in a schema" } }]);
});

test("a request that another version of the contract checked fails, says so, and its handler does not run", async () => {
  let started = false;
  const { invoke, log } = createInvokerStage(() => void (started = true));
  const newer = defineContract({ greet: operation({ request: z.strictObject({ title: z.string() }), reply: greet.reply }) });
  const dataschema = dataSchemaOf("greet", newer.greet.description.fingerprint);
  expect(answerOf(await invoke({ dataschema }).result)?.reply).toMatchObject({
    state: "failed",
    data: {
      status: 503,
      code: "CONTRACT_MISMATCH",
      retryable: true,
      detail: `The Worker has ${dataschema} and the consumer ${ownSchema}. Deploy both from one version of the contract.`,
    },
  });
  expect(started).toBe(false);
  expect(log.lines).toMatchObject([{ level: "error", operation: "greet", worker: dataschema, consumer: ownSchema }]);
});

test.each([
  ["of the same version", ownSchema],
  ["of a schema of somebody else's", "https://example.com/greet.json"],
])("a request %s is handled", async (_, dataschema) => {
  const { invoke } = createInvokerStage(() => undefined);
  expect(answerOf(await invoke({ dataschema }).result)?.reply).toMatchObject({ state: "succeeded" });
});
