import { protocolErrors } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { codeOfProtocolError } from "../../../kafka/protocol-errors.ts";
import { VERDICTS, verdictOf } from "../../../worker/producers/kafka/error-codes.ts";

test("each error has the name that Kafka gives its code", () => {
  const names = Object.fromEntries(Object.values(protocolErrors).map(({ code, id }) => [code, id]));
  for (const [code, { name }] of Object.entries(VERDICTS)) expect(names[code]).toBe(name);
});

test("what may be stored on Node may be stored in the Worker, and the other way round", () => {
  for (const { name, means } of Object.values(VERDICTS))
    expect([name, codeOfProtocolError(name, true) === "unknown"]).toEqual([name, means === "unknown"]);
});

test("of an error that is not known nobody knows what it means", () => {
  expect(verdictOf(12_345)).toMatchObject({ means: "unknown" });
});
