import { given } from "@rejoinder/sdk/testing";
import { describe, expect, test } from "vitest";
import { accountBehaviour } from "../../../examples/bank/app/account.ts";

const opened = { type: "opened", data: { owner: "Ada" } } as const;
const deposited = (cents: number) => ({ type: "deposited", data: { cents } }) as const;
const booked = <Type extends "reserved" | "credited" | "settled" | "released">(type: Type, cents: number, payment = "p1") =>
  ({ type, data: { payment, cents } }) as const;
const command = <Type extends "reserve" | "credit">(type: Type, cents: number, payment = "p1") =>
  ({ type, data: { account: "ada", payment, cents } }) as const;
const settle = { type: "settle", data: { account: "ada", payment: "p1" } } as const;
const release = { type: "release", data: { account: "ada", payment: "p1" } } as const;
const ofAda = [opened, deposited(100)] as const;

describe("an account", () => {
  test("is opened once", () => {
    given(accountBehaviour)
      .when({ type: "open", data: { account: "ada", owner: "Ada" } })
      .then(opened);
    given(accountBehaviour, opened)
      .when({ type: "open", data: { account: "ada", owner: "Ada" } })
      .then({ error: "ALREADY_OPEN" });
  });

  test("takes money only if it is open, and tells the balance", () => {
    given(accountBehaviour)
      .when({ type: "deposit", data: { account: "ada", cents: 5 } })
      .then({ error: "NOT_OPEN" });
    given(accountBehaviour, ...ofAda)
      .when({ type: "deposit", data: { account: "ada", cents: 5 } })
      .thenReply({ balance: 105 });
  });

  test("reserves what it has, and the owner can no longer spend it", () => {
    given(accountBehaviour, ...ofAda)
      .when(command("reserve", 60))
      .then(booked("reserved", 60));
    given(accountBehaviour, ...ofAda, booked("reserved", 60))
      .when(command("reserve", 41, "p2"))
      .then({ type: "reserve-refused", data: { payment: "p2", reason: "too-little-money" } });
  });

  test("reserves the last cent", () => {
    given(accountBehaviour, ...ofAda)
      .when(command("reserve", 100))
      .thenState({ isOpen: true, balance: 0, reservations: { p1: 100 }, done: [] });
  });

  test("says no by an event if it is not open, since a process waits for it", () => {
    given(accountBehaviour)
      .when(command("reserve", 1))
      .then({ type: "reserve-refused", data: { payment: "p1", reason: "not-open" } });
    given(accountBehaviour)
      .when(command("credit", 1))
      .then({ type: "credit-refused", data: { payment: "p1" } });
  });

  test("pays what it has reserved, or has it back", () => {
    given(accountBehaviour, ...ofAda, booked("reserved", 60))
      .when(settle)
      .thenState({ isOpen: true, balance: 40, reservations: {}, done: ["p1"] });
    given(accountBehaviour, ...ofAda, booked("reserved", 60))
      .when(release)
      .thenState({ isOpen: true, balance: 100, reservations: {}, done: ["p1"] });
  });

  test("answers a release of nothing, and then reserves nothing for that payment", () => {
    given(accountBehaviour, ...ofAda)
      .when(release)
      .then(booked("released", 0));
    given(accountBehaviour, ...ofAda, booked("released", 0))
      .when(command("reserve", 60))
      .thenNothing();
  });

  test.each([
    ["a second reservation", [booked("reserved", 60)], command("reserve", 60)],
    ["a second credit", [booked("credited", 60)], command("credit", 60)],
    ["a second settlement", [booked("reserved", 60), booked("settled", 60)], settle],
    ["a settlement of nothing", [], settle],
  ] as const)("does nothing at %s of the same payment, however late it comes", (_, history, late) => {
    given(accountBehaviour, ...ofAda, ...history)
      .when(late)
      .thenNothing();
  });

  test("remembers the last 256 payments only, so that its state does not grow for ever", () => {
    const history = Array.from({ length: 300 }, (_, index) => booked("credited", 1, `p${index}`));
    expect(() =>
      given(accountBehaviour, ...ofAda, ...history)
        .when(command("credit", 1, "p44"))
        .thenNothing(),
    ).not.toThrow();
    given(accountBehaviour, ...ofAda, ...history)
      .when(command("credit", 1, "p43"))
      .then(booked("credited", 1, "p43"));
  });
});
