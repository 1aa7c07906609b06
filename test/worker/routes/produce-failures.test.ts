import { describe, expect, test } from "vitest";
import { host } from "../hosts/cloudflare/test-host.ts";
import { call, testEnv } from "../support/worker.ts";

/** Sends a sum through a Worker whose Kafka REST proxy is the given one. */
const sumThrough = async (url: string): Promise<{ status: number; location: string | null; body: Record<string, unknown> }> => {
  const response = await host.callOther({ variables: { UPSTASH_KAFKA_REST_URL: url } }, "/requests/sum", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"a":2,"b":3}',
  });
  return { status: response.status, location: response.headers.get("location"), body: await response.json() };
};
const faulty = (behaviour: string): string => `${testEnv.FAULTY_PROXY_URL}/${behaviour}/http`;

describe("a request whose proxy fails is never called accepted", () => {
  test.each([
    ["unauthorized", 502, "PRODUCE_REJECTED"],
    ["unavailable", 503, "PRODUCE_UNAVAILABLE"],
    ["throttled", 503, "PRODUCE_UNAVAILABLE"],
    ["error", 504, "PRODUCE_UNKNOWN"],
    ["html-502", 504, "PRODUCE_UNKNOWN"],
    ["html-200", 504, "PRODUCE_UNKNOWN"],
    ["garbage", 504, "PRODUCE_UNKNOWN"],
    ["hang-up", 504, "PRODUCE_UNKNOWN"],
  ])("%s: %i %s", async (behaviour, status, code) => {
    const answer = await sumThrough(faulty(behaviour));
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
  });

  test("a proxy that never answers: 504 after the produce deadline", async () => {
    expect(await sumThrough(faulty("silent"))).toMatchObject({ status: 504, body: { code: "PRODUCE_UNKNOWN" } });
  });

  test("what may have been stored names its status, and says that it must not be repeated blindly", async () => {
    const { location, body } = await sumThrough(faulty("hang-up"));
    expect(location).toBe(`/status/${String(body["correlationId"])}`);
    expect(body).toMatchObject({ retryable: false, detail: expect.stringContaining("Look at the status") });
    expect((await call(location as string)).status).toBe(202);
  });

  test("what was certainly not stored may be sent again", async () => {
    expect((await sumThrough(faulty("unavailable"))).body).toMatchObject({ retryable: true });
    expect((await sumThrough(faulty("unavailable"))).location).toBeNull();
  });

  test("no answer tells the credentials, or what the proxy says beyond its error", async () => {
    const { UPSTASH_KAFKA_REST_PASSWORD: password } = testEnv as unknown as Record<string, string>;
    for (const behaviour of ["unauthorized", "html-502"]) {
      const { body } = await sumThrough(faulty(behaviour));
      expect(JSON.stringify(body)).not.toMatch(new RegExp(`<h1>|${password}`));
    }
  });
});
