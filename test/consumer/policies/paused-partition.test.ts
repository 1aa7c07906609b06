import { describe, expect, test } from "vitest";
import { policy, send } from "../../../consumer/policies/policy.ts";
import { createPolicyStage, requestsIn } from "./stage.ts";
import { begins, BEGUN, commitRecord, COMPLETED, contract, notices, PARTITION, transfers } from "./transfers.ts";

const DEBITS = "account-commands";

describe("the policies of a partition stop, and say why,", () => {
  const second = commitRecord("t2", "c2", "", [COMPLETED]);
  const stopsBy = async (policies: Parameters<typeof createPolicyStage>[0], first = commitRecord("t1", "c1", "", [BEGUN])) => {
    const { eventLog, start, give, log, stopped } = createPolicyStage(policies);
    eventLog.store(PARTITION, [commitRecord("t0", "c0", "", [COMPLETED]), first, second]);
    const partition = start();
    expect(await give(partition)).toEqual([true, false, false]);
    expect(stopped).toEqual([true]);
    expect(partition.figures.state).toBe("paused");
    expect(await give(partition, 2)).toEqual([false]);
    expect(log.lines.length).toBe(1);
    expect(log.lines[0]).toMatchObject({ level: "error", ...PARTITION, offset: 1 });
    const [{ err }] = log.lines as [{ err: { message: string } }];
    return err.message;
  };
  const sending = (begun: () => unknown) => ({ policies: { notices, broken: policy(transfers, { begun: begun as never }) } });

  test.each<[string, () => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new RangeError("no");
      },
      /policy "broken" at event transfer.begun \(c1\/0\).*threw: no/,
    ],
    [
      "sends what does not fit",
      () => send(contract["account.debit"], { account: "ada", cents: -1 }),
      /policy "broken" sends to account.debit to fit its schema/,
    ],
    ["sends too much", () => send(contract["transfer.time-out"], { transfer: "x".repeat(1_100_000) }), /at most \d+ bytes/],
    ["sends no JSON", () => send(contract.notify, undefined as never), /to be JSON, got undefined/],
    ["returns a promise", async () => undefined, /and no promise/],
    ["returns something else", () => "account.debit", /send\(\) or after\(\)/],
  ])("if one %s", async (_, begun, message) => {
    expect(await stopsBy(sending(begun))).toMatch(message);
  });

  test("if an event is of an unknown type, or fits no more", async () => {
    expect(await stopsBy({}, commitRecord("t1", "c1", "", [{ type: "reversed", data: {} }]))).toMatch(/transfer.reversed/);
    expect(await stopsBy({}, commitRecord("t1", "c1", "", [{ type: "begun", data: { from: 1 } }]))).toMatch(/transfer.begun/);
    const unreadable = { ...commitRecord("t1", "c1", "", [BEGUN]), value: "{" };
    expect(await stopsBy({}, unreadable)).toMatch(/Expected a commit that policies can read/);
  });

  test("if the log takes a request under no circumstances", async () => {
    const { eventLog, start, give, log, stopped } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN])]);
    eventLog.fault = () => "rejected";
    expect(await give(start())).toEqual([false]);
    expect(stopped).toEqual([true]);
    expect(log.lines[0]?.["err"]).toMatchObject({ message: expect.stringMatching(/account-commands.*refused: It is too large/) });
  });

  test("if events that they need were deleted", async () => {
    const { eventLog, start, give, stopped } = createPolicyStage();
    eventLog.store(PARTITION, [commitRecord("t1", "c1", "", [BEGUN]), second]);
    eventLog.trim(PARTITION, 1);
    expect(await give(start(), 1)).toEqual([false]);
    expect(stopped).toEqual([true]);
  });

  test("until they are mended: then they go on where they stopped", async () => {
    const { eventLog, start, give } = createPolicyStage(sending(() => "broken"));
    eventLog.store(PARTITION, [commitRecord("t0", "c0", "", [COMPLETED]), commitRecord("t1", "c1", "", [BEGUN])]);
    expect(await give(start())).toEqual([true, false]);
    expect(await give(start({ policies: { notices, broken: begins } }), 1)).toEqual([true]);
    expect(requestsIn(eventLog, DEBITS).length).toBe(1);
  });
});
