import { expect, test, vi } from "vitest";
import { host } from "./test-host.ts";

test("a Worker in production writes a line of JSON for each request to the console", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":2}' };
  const response = await host.callOther({ variables: { ENVIRONMENT: "production" } }, "/requests/sum", init);
  expect(response.status).toBe(422);
  expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
    {
      level: "info",
      msg: "request",
      method: "POST",
      route: "/requests/:operation",
      status: 422,
      ms: expect.any(Number),
      operation: "sum",
      code: "INVALID_REQUEST",
    },
  ]);
  vi.restoreAllMocks();
});
