import { given } from "@rejoinder/sdk/testing";
import { describe, test } from "vitest";
import { paymentBehaviour } from "../../../examples/bank/app/payment.ts";

const details = { payer: "ada", payee: "grace", cents: 60 };
const initiated = { type: "initiated", data: details } as const;
const reserved = { type: "reserved", data: details } as const;
const approved = { type: "approved", data: { payee: "grace", cents: 60 } } as const;
const rejected = { type: "rejected", data: { payer: "ada", reason: "fraud" } } as const;
const timedOut = { type: "timed-out", data: { payer: "ada" } } as const;
const credited = { type: "credited", data: { payer: "ada" } } as const;
const undeliverable = { type: "undeliverable", data: { payer: "ada" } } as const;
const completed = { type: "completed", data: {} } as const;
const compensated = { type: "compensated", data: {} } as const;
const refused = { type: "refused", data: { reason: "too-little-money" } } as const;

const note = <Type extends "note-reserved" | "note-credited" | "note-credit-refused" | "note-settled" | "note-released" | "time-out">(
  type: Type,
) => ({ type, data: { payment: "p1" } }) as const;
const screened = (verdict: "approved" | "rejected") =>
  ({ type: "note-screened", data: { payment: "p1", verdict, reason: "fraud" } }) as const;
const initiate = (changed: Partial<typeof details> = {}) =>
  ({ type: "initiate", data: { payment: "p1", ...details, ...changed } }) as const;
const noteRefused = { type: "note-refused", data: { payment: "p1", reason: "too-little-money" } } as const;

describe("a payment", () => {
  test("is completed: reserved, screened, credited, settled", () => {
    given(paymentBehaviour).when(initiate()).then(initiated);
    given(paymentBehaviour, initiated).when(note("note-reserved")).then(reserved);
    given(paymentBehaviour, initiated, reserved).when(screened("approved")).then(approved);
    given(paymentBehaviour, initiated, reserved, approved).when(note("note-credited")).then(credited);
    given(paymentBehaviour, initiated, reserved, approved, credited).when(note("note-settled")).then(completed);
  });

  test("is refused if the payer has too little money", () => {
    given(paymentBehaviour, initiated).when(noteRefused).then(refused);
  });

  test("is rejected by the screening, and over when its money is released", () => {
    given(paymentBehaviour, initiated, reserved).when(screened("rejected")).then(rejected);
    given(paymentBehaviour, initiated, reserved, rejected).when(note("note-released")).then(compensated);
  });

  test("comes to nothing if the payee cannot have it, and is over when its money is released", () => {
    given(paymentBehaviour, initiated, reserved, approved).when(note("note-credit-refused")).then(undeliverable);
    given(paymentBehaviour, initiated, reserved, approved, undeliverable).when(note("note-released")).then(compensated);
  });

  test("times out while it waits for its money or its screening", () => {
    given(paymentBehaviour, initiated).when(note("time-out")).then(timedOut);
    given(paymentBehaviour, initiated, reserved).when(note("time-out")).then(timedOut);
    given(paymentBehaviour, initiated, timedOut).when(note("note-released")).then(compensated);
  });

  test("does not time out once the payee may have the money, nor when it is over", () => {
    given(paymentBehaviour, initiated, reserved, approved).when(note("time-out")).thenNothing();
    given(paymentBehaviour, initiated, reserved, approved, credited, completed).when(note("time-out")).thenNothing();
    given(paymentBehaviour, initiated, refused).when(note("time-out")).thenNothing();
  });

  test.each([
    ["a reservation", note("note-reserved")],
    ["a refusal", noteRefused],
    ["an approval", screened("approved")],
    ["another time-out", note("time-out")],
  ] as const)("that has timed out does nothing at %s that comes after", (_, late) => {
    given(paymentBehaviour, initiated, timedOut).when(late).thenNothing();
  });

  test("is between two accounts", () => {
    given(paymentBehaviour)
      .when(initiate({ payee: "ada" }))
      .then({ error: "SAME_ACCOUNT" });
  });

  test("may be initiated twice, but not as another one", () => {
    given(paymentBehaviour, initiated).when(initiate()).thenNothing();
    given(paymentBehaviour, initiated)
      .when(initiate({ cents: 61 }))
      .then({ error: "ANOTHER_PAYMENT" });
  });

  test.each([
    ["note-reserved", note("note-reserved")],
    ["time-out", note("time-out")],
    ["note-released", note("note-released")],
  ] as const)("that nobody has initiated does nothing at %s", (_, command) => {
    given(paymentBehaviour).when(command).thenNothing();
  });
});
