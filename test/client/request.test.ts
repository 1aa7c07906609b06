import { describe, expect, onTestFinished, test, vi } from "vitest";
import { contract } from "../project/app/contract.ts";
import { createClient } from "../../client/index.ts";
import { failureOf, openClient, skipPauses, SUM } from "./opened-client.ts";
import { ended, hangUp, html, ID, pending, refused, replied, scriptedServer, silence, type Step, succeeded } from "./scripted-server.ts";

describe("request", () => {
  test("gives the reply that the server waited for, by one exchange", async () => {
    const { client, server } = await openClient(replied({ sum: 5 }));
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(server.calls).toEqual(["POST /requests/sum wait=5"]);
  });

  test("goes on waiting at the status until there is a reply", async () => {
    const { client, server } = await openClient(pending(), pending("processing", 1), succeeded({ sum: 5 }));
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(server.calls).toEqual(["POST /requests/sum wait=5", `GET /status/${ID} wait=25`, `GET /status/${ID} wait=25`]);
  });

  test("takes an empty reply and a reply of null for what they are", async () => {
    const { client } = await openClient(replied(null));
    expect(await client.request("sum", SUM)).toBeNull();
  });

  test.each([
    ["failed", "HANDLER_FAILED", 500],
    ["expired", "DEADLINE_EXCEEDED", 504],
  ] as const)("rejects with the problem of a request that has %s", async (state, code, status) => {
    const { client } = await openClient(pending(), ended(state, code));
    const error = await failureOf(client.request("sum", SUM));
    expect(error).toMatchObject({ code, status, retryable: false, correlationId: ID, problem: { code } });
  });

  test("rejects with the problem that came instead of the reply", async () => {
    const { client, server } = await openClient(refused("HANDLER_FAILED", { "content-location": `/status/${ID}` }));
    expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code: "HANDLER_FAILED", status: 500, correlationId: ID });
    expect(server.calls).toHaveLength(1);
  });

  test.each(["UNKNOWN_OPERATION", "INVALID_REQUEST", "PRODUCE_REJECTED", "UNAUTHORIZED"] as const)(
    "rejects at once with %s",
    async (code) => {
      const { client, server } = await openClient(refused(code));
      expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code });
      expect(server.calls).toHaveLength(1);
    },
  );

  test("sends again what certainly was not stored, when the server says that it may", async () => {
    const { client, server } = await openClient(
      refused("OVERLOADED", { "retry-after": "0" }),
      refused("PRODUCE_UNAVAILABLE"),
      replied({ sum: 5 }),
    );
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(server.calls).toHaveLength(3);
  });

  test("leaves an overloaded server alone for a while even if it says that it has waited", async () => {
    const { client, server } = await openClient(refused("OVERLOADED", { "preference-applied": "wait=5" }), replied({ sum: 5 }));
    const timers = vi.spyOn(globalThis, "setTimeout");
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(timers).toHaveBeenCalledWith(
      expect.any(Function),
      expect.toSatisfy((ms: number) => ms >= 250),
    );
    timers.mockRestore();
    expect(server.calls).toHaveLength(2);
  });

  test("follows the status of a produce of which the outcome is unknown, and does not send again", async () => {
    const unknown = refused("PRODUCE_UNKNOWN", { location: `/status/${ID}` });
    const { client, server } = await openClient(unknown, pending(), succeeded({ sum: 5 }));
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(server.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  test("says so when nobody listens at the URL", async () => {
    skipPauses();
    const client = createClient({ url: "http://127.0.0.1:9" });
    expect(await failureOf(client.request("sum", SUM))).toMatchObject({
      code: "UNANSWERED",
      message: expect.stringContaining("CORS_ORIGINS"),
    });
  });

  test("asks for the status again after whatever came between, and waits less where connections are cut", async () => {
    const { client, server } = await openClient(pending(), hangUp, html(503), refused("STORE_UNAVAILABLE"), succeeded({ sum: 5 }));
    expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    expect(server.calls.slice(1)).toEqual([25, 13, 7, 7].map((wait) => `GET /status/${ID} wait=${wait}`));
  });

  test("gives the reply whatever the clock of this machine says", async ({ onTestFinished }) => {
    onTestFinished(() => void vi.useRealTimers());
    for (const now of ["2000-01-01", "2100-01-01"]) {
      vi.useFakeTimers({ toFake: ["Date"], now: new Date(now) });
      const { client } = await openClient(pending(), hangUp, pending("processing", 1), succeeded({ sum: 5 }));
      expect(await client.request("sum", SUM)).toEqual({ sum: 5 });
    }
  });

  test("sends the caller's headers with everything that it asks", async () => {
    const sent: (string | undefined)[] = [];
    const note =
      (step: Step): Step =>
      (response, request) => {
        sent.push(request.headers.authorization);
        step(response, request);
      };
    const { client } = await openClient(note(pending()), note(succeeded({ sum: 5 })));
    await client.request("sum", SUM, { headers: { authorization: "Bearer abc" } });
    expect(sent).toEqual(["Bearer abc", "Bearer abc"]);
  });

  test.each(["UNKNOWN_CORRELATION_ID", "STATUS_GONE"] as const)("stops asking when the status says %s", async (code) => {
    const { client } = await openClient(pending(), refused(code));
    expect(await failureOf(client.request("sum", SUM))).toMatchObject({ code, correlationId: ID });
  });

  test("rejects when the time for the wait is over, and names the request, which goes on", async () => {
    const { client, server } = await openClient(pending(), silence);
    // The time is over when the test says so: a busy machine may not have had the first answer after a tenth of a second.
    const [time, timeoutOf] = [new AbortController(), AbortSignal.timeout.bind(AbortSignal)];
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => (ms === 100 ? time.signal : timeoutOf(ms)));
    onTestFinished(() => void vi.restoreAllMocks());
    const failure = failureOf(client.request("sum", SUM, { timeoutMs: 100 }));
    await server.arrived(2);
    time.abort(new DOMException("The time is over.", "TimeoutError"));
    const error = await failure;
    expect(error).toMatchObject({ code: "TIMEOUT", correlationId: ID, message: expect.stringContaining("resume()") });
    expect(server.calls).toHaveLength(2);
  });

  test("has the caller's stack", async () => {
    const { client } = await openClient(refused("INVALID_REQUEST"));
    const nameOfTheCaller = () => client.request("sum", SUM);
    expect((await failureOf(nameOfTheCaller())).stack).toMatch(/ClientError: .*\n[^]*nameOfTheCaller/);
  });
});

describe("with the contract", () => {
  const openChecked = async (...script: readonly Step[]) => {
    const server = await scriptedServer(...script);
    return { client: createClient({ url: server.url, contract }), server };
  };

  test("a request that does not fit is not sent, and the error says where and what", async () => {
    const { client, server } = await openChecked(replied({ sum: 5 }));
    const error = await failureOf(client.request("sum", { a: 2, b: "3" } as never));
    expect(error).toMatchObject({ code: "INVALID_REQUEST", issues: [{ path: ["b"] }], message: expect.stringContaining("b: ") });
    expect(server.calls).toEqual([]);
  });

  test("an operation that is not there is not sent, and the error names those that are", async () => {
    const { client, server } = await openChecked(replied({ sum: 5 }));
    for (const name of ["product", "constructor"])
      expect(await failureOf(client.request(name as "sum", SUM))).toMatchObject({
        code: "UNKNOWN_OPERATION",
        message: expect.stringContaining("sum, echo, report"),
      });
    expect(server.calls).toEqual([]);
  });

  test("a reply that does not fit is not given", async () => {
    const { client } = await openChecked(replied({ sum: "five" }));
    expect(await failureOf(client.request("sum", SUM))).toMatchObject({
      code: "INVALID_REPLY",
      correlationId: ID,
      issues: [{ path: ["sum"] }],
    });
  });
});

test("many requests at once share few connections, and each gets its reply", async () => {
  let [open, most] = [0, 0];
  const server = await scriptedServer((response, request) => {
    most = Math.max(most, (open += 1));
    setImmediate(() => {
      open -= 1;
      (request.method === "POST" ? pending() : succeeded({ sum: 5 }))(response, request);
    });
  });
  const client = createClient<typeof contract>({ url: server.url, maxConnections: 4 });
  const replies = await Promise.all(Array.from({ length: 500 }, () => client.request("sum", SUM)));
  expect(replies).toHaveLength(500);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});
