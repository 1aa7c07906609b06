import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTerminal, STATES, type ReplyState } from "../../../protocol/states.ts";
import { cancel, expire, isOverdue, type KeptStatus, nameRedriven, reopen, settle, takeBack } from "../../../worker/mailbox/rules.ts";
import type { NewReply } from "../../../worker/status-store.ts";

const key = { text: "id", shard: 0, createdAt: 0, deadline: 30_000, expiresAt: 3_600_000 };
const replyStates = STATES.filter((state): state is ReplyState => state !== "accepted" && state !== "cancelling");
const anyReply: fc.Arbitrary<NewReply> = fc.record({
  key: fc.constant(key),
  replyId: fc.uuid(),
  state: fc.constantFrom(...replyStates),
  operation: fc.constant("sum"),
  httpStatus: fc.constant(200),
  attempt: fc.option(fc.integer({ min: 1, max: 3 })),
  body: fc.constant("{}"),
});

const settleAll = (replies: readonly NewReply[], start?: KeptStatus) => {
  let status = start;
  const outcomes = replies.map((reply, index) => {
    const { outcome, next } = settle(status, reply, index);
    status = next ?? status;
    return outcome;
  });
  return { status, outcomes };
};

describe("the mailbox's rules", () => {
  test("let the first terminal reply win, whatever comes after", () => {
    fc.assert(
      fc.property(fc.array(anyReply, { minLength: 1 }), (replies) => {
        const { status } = settleAll(replies);
        const first = replies.find(({ state }) => isTerminal(state));
        if (first !== undefined) expect(status).toMatchObject({ state: first.state, replyId: first.replyId });
        else expect(status?.state).toBe("processing");
      }),
    );
  });

  test("count each accepted change as one version, and nothing else", () => {
    fc.assert(
      fc.property(fc.array(anyReply), (replies) => {
        const { status, outcomes } = settleAll(replies);
        const late = status?.lateReply == null ? 0 : 1;
        expect(status?.version ?? 0).toBe(outcomes.filter((outcome) => outcome === "stored").length + late);
      }),
    );
  });

  test("change nothing when a batch is sent again", () => {
    fc.assert(
      fc.property(fc.array(anyReply, { minLength: 1 }), (replies) => {
        const { status } = settleAll(replies);
        const again = settleAll(replies, status);
        const settled = isTerminal(status?.state ?? "accepted");
        if (settled) expect(again.status).toEqual(status);
        if (settled) expect(again.outcomes).not.toContain("stored");
      }),
    );
  });

  test("keep the first late reply beside expired, and nothing of those that say no more than that", () => {
    fc.assert(
      fc.property(fc.array(anyReply, { minLength: 1 }), (replies) => {
        const expired = expire(undefined, 100_000);
        const { status, outcomes } = settleAll(replies, expired);
        expect(new Set(outcomes)).toEqual(new Set(["late"]));
        const first = replies.find(({ state }) => state !== "processing" && state !== "expired");
        if (first === undefined) {
          expect(status).toEqual(expired);
          return;
        }
        expect(status).toMatchObject({ state: "expired", body: expired.body, replyId: null, version: expired.version + 1 });
        expect(JSON.parse(status?.lateReply ?? "")).toMatchObject({ state: first.state });
      }),
    );
  });

  test("keep a reply that comes after a consumer has said that the request expired", () => {
    const end = { ...news(1, undefined), state: "expired" as const, body: "{}" };
    const late = { ...news(1, undefined), state: "succeeded" as const, body: '{"sum":5}' };
    const { status, outcomes } = settleAll([end, late, end, late]);
    expect(outcomes).toEqual(["stored", "late", "duplicate", "late"]);
    expect(status).toMatchObject({ state: "expired", version: 2, replyId: end.replyId });
    expect(JSON.parse(status?.lateReply ?? "")).toMatchObject({ state: "succeeded", reply: { sum: 5 } });
  });

  test("change nothing when late replies are sent again", () => {
    fc.assert(
      fc.property(fc.array(anyReply, { minLength: 1 }), (replies) => {
        const { status } = settleAll(replies, expire(undefined, 100_000));
        expect(settleAll(replies, status).status).toEqual(status);
      }),
    );
  });

  test("take a newer attempt as news, and the same attempt as none", () => {
    const processing = (attempt: number | null): NewReply => ({
      key,
      replyId: crypto.randomUUID(),
      state: "processing",
      operation: "sum",
      httpStatus: 202,
      attempt,
      body: null,
    });
    expect(settleAll([processing(1), processing(1), processing(2)]).outcomes).toEqual(["stored", "duplicate", "stored"]);
  });

  const news = (attempt: number, told: NewReply["news"]): NewReply => ({
    ...{ key, replyId: crypto.randomUUID(), state: "processing", operation: "sum", httpStatus: 202, body: null },
    ...{ attempt, news: told },
  });

  test("keep of news what is not said again, but not that an attempt is to come", () => {
    const waiting = settleAll([news(1, { progress: "40" }), news(2, { lastError: "{}", nextAttemptAt: 5 })]).status;
    expect(waiting?.details).toEqual({ progress: "40", lastError: "{}", nextAttemptAt: 5 });
    const atWork = settleAll([news(2, undefined)], waiting);
    expect([atWork.outcomes, atWork.status?.details]).toEqual([["stored"], { progress: "40", lastError: "{}" }]);
    expect(settleAll([news(2, undefined), news(1, { progress: "10" })], atWork.status).outcomes).toEqual(["duplicate", "duplicate"]);
  });

  test("keep a request cancelling until it has ended, whatever is told meanwhile", () => {
    const cancelling = cancel(settleAll([news(1, { progress: "1" })]).status, 7);
    expect(cancelling).toMatchObject({ state: "cancelling", version: 2, updatedAt: 7, attempt: 1, details: { progress: "1" } });
    expect(cancel(cancelling, 8)).toBeUndefined();
    const told = settleAll([news(1, { progress: "2" })], cancelling).status;
    expect(told).toMatchObject({ state: "cancelling", version: 3, details: { progress: "2" } });
    const end = { ...news(1, undefined), state: "cancelled" as const, body: '{"code":"CANCELLED"}' };
    expect(settleAll([end, news(1, { progress: "3" })], told).status).toMatchObject({ state: "cancelled", version: 4 });
  });

  test("let a request that is sent again end otherwise, but not by what had ended it before", () => {
    const end = { ...news(3, undefined), state: "failed" as const, body: '{"code":"HANDLER_FAILED"}' };
    const ended = settleAll([news(3, { lastError: "{}" }), end]).status as KeptStatus;
    const again = reopen(ended, 9);
    expect(again).toMatchObject({ state: "accepted", version: 3, attempt: null, body: null });
    const { status, outcomes } = settleAll([news(1, { progress: "1" }), end, { ...end, replyId: "other", state: "succeeded" }], again);
    expect([outcomes, status?.state, status?.version]).toEqual([["stored", "duplicate", "stored"], "succeeded", 5]);
  });

  test("put back what a request that could not be sent again had said, as a newer version", () => {
    const ended = settleAll([{ ...news(1, undefined), state: "failed", body: "{}" }]).status as KeptStatus;
    const named = nameRedriven(ended, "new", 3);
    expect(named).toMatchObject({ state: "failed", version: 2, details: { redrivenAs: "new" } });
    expect(takeBack(named, ended, 4)).toEqual({ ...ended, version: 3, updatedAt: 4 });
  });

  test("call a request overdue one minute after its deadline", () => {
    expect(isOverdue(key, key.deadline + 60_000)).toBe(false);
    expect(isOverdue(key, key.deadline + 60_001)).toBe(true);
  });
});
