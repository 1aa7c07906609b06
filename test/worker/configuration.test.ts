import { expect, test } from "vitest";
import worker from "../../worker/index.ts";
import { testEnv } from "./support/worker.ts";

const healthWith = async (overrides: Record<string, string | undefined>): Promise<{ status: number; problems: string[] }> => {
  const request = new Request("https://api.example/health") as Request<unknown, IncomingRequestCfProperties>;
  const response = await worker.fetch(request, { ...testEnv, ...overrides } as Env);
  const { problems = [] } = await response.json<{ problems?: string[] }>();
  return { status: response.status, problems };
};

test("a Worker that is configured is healthy", async () => {
  expect(await healthWith({})).toEqual({ status: 200, problems: [] });
});

test("a Worker without AUTH refuses every request and says how to set it", async () => {
  const { status, problems } = await healthWith({ AUTH: undefined });
  expect(status).toBe(500);
  expect(problems).toEqual(["AUTH is not set: Set it to public if anybody may call."]);
});

test("a Worker names all that is missing or wrong at once, and no secret", async () => {
  const { problems } = await healthWith({
    UPSTASH_KAFKA_REST_URL: "not a url",
    UPSTASH_KAFKA_REST_PASSWORD: "",
    CORRELATION_SECRET: "16:short-secret",
    REPLY_SECRET: "whsec_c2hvcnQ=",
    REPLY_STORE: "redis",
    MAILBOX_SHARDS: "0",
  });
  expect(problems.map((problem) => /^[A-Z_]+/.exec(problem)?.[0])).toEqual([
    "UPSTASH_KAFKA_REST_URL",
    "UPSTASH_KAFKA_REST_PASSWORD",
    "CORRELATION_SECRET",
    "REPLY_SECRET",
    "REPLY_STORE",
    "MAILBOX_SHARDS",
  ]);
  expect(problems.join()).not.toMatch(/short-secret|c2hvcnQ/);
});
