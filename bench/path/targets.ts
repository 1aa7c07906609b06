import type { RequestInput } from "../../contract/operation.ts";
import type { contract } from "../../test/project/app/contract.ts";
import type { Target } from "../load.ts";
import { createRecord, ECHO } from "../record.ts";
import type { BenchStack } from "./stack.ts";

const JSON_HEADERS = { "content-type": "application/json" };
const SUM: RequestInput<typeof contract.sum> = { a: 2, b: 3 };

export type TargetName = "health" | "produce" | "accept" | "request-reply";

/** What is measured, smallest first: each does what the one before does, and more. */
export const createTargets = ({ workerUrl, gatewayUrl, authorization }: BenchStack): Readonly<Record<TargetName, Target>> => ({
  health: { origin: workerUrl, method: "GET", path: "/health", status: 200 },
  produce: {
    origin: gatewayUrl,
    method: "POST",
    path: "/produce",
    headers: { ...JSON_HEADERS, authorization },
    body: PRODUCE_BODY,
    status: 200,
  },
  accept: {
    origin: workerUrl,
    method: "POST",
    path: "/requests/echo",
    headers: JSON_HEADERS,
    body: JSON.stringify(ECHO),
    status: 202,
  },
  "request-reply": {
    origin: workerUrl,
    method: "POST",
    path: "/requests/sum",
    headers: { ...JSON_HEADERS, prefer: "wait=10" },
    body: JSON.stringify(SUM),
    status: 200,
  },
});

/** The sizes of the bodies that travel, in bytes. */
export const payloadBytes = () => ({
  acceptRequest: Buffer.byteLength(JSON.stringify(ECHO)),
  produceRequest: Buffer.byteLength(PRODUCE_BODY),
  sumRequest: Buffer.byteLength(JSON.stringify(SUM)),
});

/** Like the Worker's, the only record of its batch. */
const PRODUCE_BODY = JSON.stringify([createRecord("requests", "b".repeat(63))]);
