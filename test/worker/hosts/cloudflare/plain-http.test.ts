import { expect, test } from "vitest";
import worker from "../../../project/app/worker.ts";
import { as } from "../../support/tokens.ts";
import { host } from "./test-host.ts";

test("credentials that came over plain HTTP are refused in production, and nothing is redirected", async () => {
  const variables = { ...host.variables, ENVIRONMENT: "production" } as unknown as Env;
  const call = async (url: string, headers: Record<string, string> = {}) => {
    const response = await worker.fetch(new Request(url, { headers }) as Request<unknown, IncomingRequestCfProperties>, variables);
    return [response.status, (await response.json<{ code?: string }>()).code];
  };
  const headers = await as("ada");
  expect(await call("http://api.example/status/x", headers)).toEqual([403, "INSECURE_TRANSPORT"]);
  expect(await call("http://api.example/status/x?token=a.b.c")).toEqual([403, "INSECURE_TRANSPORT"]);
  expect(await call("http://api.example/status/x")).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
  expect(await call("https://api.example/status/x", headers)).toEqual([404, "UNKNOWN_CORRELATION_ID"]);
});
