import { expect, test } from "vitest";
import worker from "../../../project/app/worker.ts";
import { host } from "./test-host.ts";

test("a Worker that is not configured refuses every request, and names what is missing", async () => {
  const variables = { ...host.variables, AUTH: undefined };
  for (const path of ["/health", "/contract", "/nowhere"]) {
    const request = new Request(`https://api.example${path}`) as Request<unknown, IncomingRequestCfProperties>;
    const response = await worker.fetch(request, variables as unknown as Env);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: "MISCONFIGURED", problems: [expect.stringMatching(/^AUTH is not set/)] });
  }
});
