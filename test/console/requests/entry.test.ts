import { describe, expect, test } from "vitest";
import { ClientError } from "../../../client/index.ts";
import { createEntry, type Entry, hear, isCutOff, type News, stateOf } from "../../../console/requests/entry.ts";
import type { HttpExchange } from "../../../console/requests/recorder.ts";
import { createProblem } from "../../../protocol/problem.ts";
import type { State } from "../../../protocol/states.ts";

const ID = "correlation-id";
const START: News = { kind: "start" };
const ACCEPTED: News = { kind: "accepted" };

const status = (state: State, members: object = {}): News => ({
  kind: "status",
  status: { correlationId: ID, state, version: 1, acceptedAt: "", updatedAt: "", deadline: "", expiresAt: "", ...members },
});
const at = (ms: number): string => new Date(ms).toISOString();
const failure = (...why: ConstructorParameters<typeof ClientError>): News => ({ kind: "failure", error: new ClientError(...why) });
const exchange = (code: number | undefined, headers: HttpExchange["requestHeaders"] = []): News => ({
  kind: "exchange",
  exchange: {
    method: "POST",
    url: "/requests/sum",
    requestHeaders: [],
    requestBody: "{}",
    startedAt: 0,
    tookMs: 1,
    answer: code === undefined ? undefined : { status: code, headers, body: "" },
    failure: undefined,
  },
});

/** The entry that hears one piece of news each 10 ms. */
const after = (...news: readonly News[]): Entry =>
  news.reduce(
    (entry, one, index) => hear(entry, one, 1_000 + index * 10),
    createEntry({ id: "1", traceparent: "", operation: "sum", request: {}, sentAt: 500, isOneOfMany: false }),
  );
const statesOf = (entry: Entry) => entry.steps.map(({ state }) => state);

describe("a request", () => {
  test("goes from state to state, timed from when it was really sent", () => {
    const entry = after(START, ACCEPTED, status("processing", { attempt: 1 }), status("succeeded", { reply: { sum: 5 } }));
    expect(entry.steps).toEqual([
      { state: "sending", afterMs: 0 },
      { state: "accepted", afterMs: 10 },
      { state: "processing", afterMs: 20 },
      { state: "succeeded", afterMs: 30 },
    ]);
    expect(entry).toMatchObject({ correlationId: ID, reply: { sum: 5 } });
  });

  test("is not called accepted because a status says so, since Kafka may not have it", () => {
    expect(statesOf(after(START, status("accepted")))).toEqual(["sending"]);
  });

  test("that may or may not be in Kafka is uncertain, until a later state tells", () => {
    const uncertain = [START, exchange(504, [["location", `/status/${ID}`]])];
    expect(after(...uncertain)).toMatchObject({ correlationId: ID });
    expect(statesOf(after(...uncertain, status("accepted"), status("processing")))).toEqual(["sending", "uncertain", "processing"]);
  });

  test("that is accepted twice, or after it was worked on, is so once", () => {
    expect(statesOf(after(START, ACCEPTED, ACCEPTED, status("processing"), ACCEPTED))).toEqual(["sending", "accepted", "processing"]);
  });

  test.each([
    ["refused", failure(createProblem("OVERLOADED"))],
    ["failed", failure({ ...createProblem("HANDLER_FAILED") }, { correlationId: ID })],
    ["expired", failure(createProblem("DEADLINE_EXCEEDED"), { correlationId: ID })],
    ["gone", failure(createProblem("STATUS_GONE"), { correlationId: ID })],
    ["unanswered", failure("UNANSWERED")],
    ["unanswered", failure("UNEXPECTED_ANSWER", { detail: "200 text/html" })],
    ["unreachable", failure("UNREACHABLE", { correlationId: ID })],
    ["stopped", failure("ABORTED", { correlationId: ID })],
  ] as const)("ends as %s, and says why", (state, news) => {
    const entry = after(START, news);
    expect(stateOf(entry)).toBe(state);
    expect(entry.problem ?? entry.message).toBeDefined();
  });

  test("whose reply does not fit keeps the reply, and says what does not fit", () => {
    const entry = after(START, status("succeeded", { reply: 7 }), failure("INVALID_REPLY", { detail: "expected object" }));
    expect(entry).toMatchObject({ reply: 7, message: expect.stringContaining("expected object") });
    expect(stateOf(entry)).toBe("succeeded");
  });

  test.each([
    [true, exchange(undefined)],
    [true, exchange(503)],
    [false, exchange(202)],
    [false, exchange(304)],
  ])("is cut off (%s) by how asking about it went last", (isCut, news) => {
    expect(isCutOff(after(START, ACCEPTED, news))).toBe(isCut);
    expect(isCutOff(after(START, ACCEPTED, news, status("succeeded")))).toBe(false);
  });

  test("remembers its first exchange and the newest, however many there were", () => {
    const entry = after(exchange(202), ...Array.from({ length: 100 }, () => exchange(304)), exchange(200));
    expect(entry.exchanges.map(({ answer }) => answer?.status)).toEqual([202, ...Array(38).fill(304), 200]);
  });

  test("remembers why each attempt failed, and when the next begins by the server's clock alone", () => {
    const between = (attempt: number, code: "INTERNAL" | "HANDLER_FAILED"): News =>
      status("processing", { attempt, lastError: createProblem(code), updatedAt: at(0), nextAttemptAt: at(4_000) });
    const entry = after(
      START,
      ACCEPTED,
      between(2, "INTERNAL"),
      status("processing", { attempt: 2, lastError: createProblem("INTERNAL") }),
    );
    expect(entry).toMatchObject({ attempt: 2, nextAttemptMs: undefined });
    const later = hear(entry, between(3, "HANDLER_FAILED"), 2_000);
    expect(later).toMatchObject({ attempt: 3, nextAttemptMs: 1_000 + 4_000 });
    expect(later.failedAttempts.map(({ attempt, problem, afterMs }) => [attempt, problem.code, afterMs])).toEqual([
      [1, "INTERNAL", 20],
      [2, "HANDLER_FAILED", 1_000],
    ]);
    expect(statesOf(later)).toEqual(["sending", "accepted", "processing"]);
  });

  test("has the newest progress, and the chunks of the run that counts", () => {
    const entry = after(
      START,
      status("processing", { progress: { percent: 10 }, chunks: ["a", "b"] }),
      status("processing", { chunks: ["A"] }),
    );
    expect(entry).toMatchObject({ progress: undefined, chunks: ["A"] });
    expect(after(START, status("processing", { progress: { percent: 10 } }))).toMatchObject({ progress: { percent: 10 }, chunks: [] });
  });

  test("that cannot be cancelled says why, and goes on; it is not cut off by that", () => {
    const refused: News = { kind: "uncancelled", error: new ClientError(createProblem("NOT_SUPPORTED")) };
    const { exchange: deleted } = exchange(501) as Extract<News, { kind: "exchange" }>;
    const entry = after(START, ACCEPTED, { kind: "exchange", exchange: { ...deleted, method: "DELETE" } }, refused);
    expect(entry.cancelFailure).toBe(createProblem("NOT_SUPPORTED").title);
    expect([stateOf(entry), isCutOff(entry)]).toEqual(["accepted", false]);
  });
});
