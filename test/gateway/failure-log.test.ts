import { expect, test } from "vitest";
import { createFailureLog } from "../../gateway/failure-log.ts";
import { GatewayError } from "../../gateway/gateway-error.ts";
import { createManualTime } from "../helpers/manual-time.ts";

const listen = () => {
  const lines: unknown[] = [];
  const write = (level: string) => (line: object, message: string) => void lines.push([level, message, line]);
  const time = createManualTime();
  const tell = createFailureLog({ warn: write("warn"), error: write("error") } as never, time);
  return { lines, time, tell };
};
const outage = (reason: string) => new GatewayError(503, "Try again.", { retryAfterSeconds: 1, cause: new Error(reason) });

test("an outage that fails a thousand calls is told once a minute for each route and reason", () => {
  const { lines, time, tell } = listen();
  for (let count = 0; count < 1_000; count++) tell(outage("no broker"), "produce");
  tell(outage("disk full"), "produce");
  tell(outage("disk full"), "webhook");
  expect(lines).toEqual([
    ["warn", "Try again.", { reason: "no broker", status: 503, route: "produce" }],
    ["warn", "Try again.", { reason: "disk full", status: 503, route: "produce" }],
    ["warn", "Try again.", { reason: "disk full", status: 503, route: "webhook" }],
  ]);
  time.advance(60_000);
  tell(outage("no broker"), "produce");
  expect(lines).toHaveLength(4);
});

test("what nobody foresaw is told each time, with its stack", () => {
  const { lines, tell } = listen();
  const cause = new TypeError("x is not a function");
  for (let count = 0; count < 2; count++) tell(new GatewayError(500, "Something went wrong.", { cause }), "fetch");
  expect(lines).toEqual(Array.from({ length: 2 }, () => ["error", "Something went wrong.", { err: cause, status: 500, route: "fetch" }]));
});
