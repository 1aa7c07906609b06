import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createRedrive } from "../../../cli/dead-letters/redrive-request.ts";
import { WorkerError } from "../../../cli/signed-call.ts";
import { systemTime } from "../../../environment/time.ts";
import { createProblem } from "../../../protocol/problem.ts";
import { importWebhookKey, verifyWebhook } from "../../../protocol/webhook-signature.ts";
import { newRequest } from "../../consumer/requests.ts";

const KEY = new TextEncoder().encode("k".repeat(32));

type Call = { readonly path: string | undefined; readonly headers: IncomingHttpHeaders; readonly body: string };
type Answer = { readonly status: number; readonly body: unknown };

/** A server at a Worker's place. */
const serve = async (answer: (call: Call) => Answer | Promise<Answer>): Promise<{ url: string; calls: Call[] }> => {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const call = { path: request.url, headers: request.headers, body };
      calls.push(call);
      const { status, body: answered } = await answer(call);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answered));
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, calls };
};

const accepted = (correlationId: string): Answer => ({ status: 202, body: { correlationId, state: "accepted" } });

/** What a Worker makes of the signature. */
const verdictOn = async ({ headers, body }: Call) =>
  await verifyWebhook([await importWebhookKey(KEY)], {
    headers: { get: (name) => String(headers[name] ?? "") },
    body: new TextEncoder().encode(body),
    nowMs: Date.now(),
  });

test("a request is sent again with all that it was, signed, and its new ID is told", async () => {
  const worker = await serve(() => accepted("new"));
  const request = newRequest({ traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` });
  expect(await createRedrive({ url: worker.url, key: KEY })(request)).toEqual({ outcome: "redriven", correlationId: "new", before: false });
  const [call] = worker.calls as [Call];
  const { correlationId, operation, data, traceparent } = request;
  expect([call.path, call.headers["content-type"], JSON.parse(call.body)]).toEqual([
    "/redrives",
    "application/json",
    { correlationId, operation, data, traceparent },
  ]);
  expect(await verdictOn(call)).toBe("valid");
});

test("a clock that is off is no obstacle: the next signature is one by the Worker's", async () => {
  const worker = await serve(async (call) =>
    (await verdictOn(call)) === "valid" ? accepted("same") : { status: 401, body: createProblem("UNAUTHORIZED") },
  );
  const time = { ...systemTime, now: () => Date.now() - 3_600_000 };
  expect(await createRedrive({ url: worker.url, key: KEY, time })(newRequest())).toMatchObject({ outcome: "redriven" });
  expect(worker.calls).toHaveLength(2);
});

test("another secret than the Worker's is named", async () => {
  const worker = await serve(() => ({ status: 401, body: createProblem("UNAUTHORIZED") }));
  const redrive = createRedrive({ url: worker.url, key: KEY });
  await expect(redrive(newRequest())).rejects.toThrow(WorkerError);
  await expect(redrive(newRequest())).rejects.toThrow("REPLY_SECRET differs from the Worker's");
});

test("what was sent again before, and what has succeeded after all, needs nothing more", async () => {
  const answers: Record<string, Answer> = {
    replaced: { status: 409, body: createProblem("ALREADY_REDRIVEN", { members: { redrivenAs: "new" } }) },
    succeeded: { status: 409, body: createProblem("ALREADY_ENDED", { members: { state: "succeeded" } }) },
  };
  const worker = await serve(({ body }) => answers[(JSON.parse(body) as { data: string }).data] as Answer);
  const redrive = createRedrive({ url: worker.url, key: KEY });
  expect(await redrive(newRequest({ data: "replaced" }))).toEqual({ outcome: "redriven", correlationId: "new", before: true });
  const request = newRequest({ data: "succeeded" });
  expect(await redrive(request)).toEqual({ outcome: "redriven", correlationId: request.correlationId, before: true });
});

test("what the Worker refuses is told; what may pass, and what is no Worker, ends everything", async () => {
  const problem = createProblem("UNKNOWN_OPERATION", { detail: "Expected one of sum." });
  const cancelled = createProblem("ALREADY_ENDED", { members: { state: "cancelled" } });
  const answers: Record<string, Answer> = {
    refused: { status: 404, body: problem },
    cancelled: { status: 409, body: cancelled },
    away: { status: 503, body: createProblem("PRODUCE_UNAVAILABLE") },
    other: { status: 404, body: "nothing" },
  };
  const worker = await serve(({ body }) => answers[(JSON.parse(body) as { data: string }).data] as Answer);
  const redrive = createRedrive({ url: worker.url, key: KEY });
  expect(await redrive(newRequest({ data: "refused" }))).toEqual({ outcome: "refused", problem });
  expect(await redrive(newRequest({ data: "cancelled" }))).toEqual({ outcome: "refused", problem: cancelled });
  await expect(redrive(newRequest({ data: "away" }))).rejects.toThrow("PRODUCE_UNAVAILABLE: Kafka could not be reached");
  await expect(redrive(newRequest({ data: "other" }))).rejects.toThrow(`Expected ${worker.url} to be a rejoinder Worker`);
  await expect(createRedrive({ url: "http://127.0.0.1:1", key: KEY })(newRequest())).rejects.toThrow(/^No Worker answers at /);
});
