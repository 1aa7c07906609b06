import { expect, test } from "vitest";
import { VERSION } from "../../protocol/version.ts";
import { host } from "./hosts/cloudflare/test-host.ts";
import { call } from "./support/worker.ts";

const problemsWith = (variables: Record<string, string | undefined>) => host.problemsOf({ variables });

test("a Worker that is configured is healthy, and says which version it is", async () => {
  const response = await call("/health");
  expect([response.status, await response.json()]).toEqual([200, { status: "ok", version: VERSION }]);
});

test("a Worker without AUTH says how to set it", async () => {
  expect(await problemsWith({ AUTH: undefined })).toEqual(["AUTH is not set: Set it to keys or jwt, or to public if anybody may call."]);
});

test("a Worker names all that is missing or wrong at once, and no secret", async () => {
  const problems = await problemsWith({
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

const proxyProblems = (variables: Record<string, string>): Promise<readonly string[]> =>
  problemsWith({ UPSTASH_KAFKA_REST_URL: "not a url", ...variables });

test("each kind of Kafka REST proxy asks for its own variables, and never for those of another", async () => {
  const url = { KAFKA_REST_URL: "https://proxy.example/" };
  expect(await proxyProblems({ KAFKA_REST_KIND: "strimzi", ...url })).toEqual([]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "rest-v2", ...url, KAFKA_REST_USERNAME: "u", KAFKA_REST_PASSWORD: "p" })).toEqual([]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "rest-v2", ...url, KAFKA_REST_TOKEN: "t" })).toEqual([]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "confluent", ...url, KAFKA_REST_CLUSTER_ID: "lkc-1" })).toEqual([]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "upstash", ...url })).toEqual([expect.stringMatching(/^UPSTASH_KAFKA_REST_URL: /)]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "rest-v2", KAFKA_REST_URL: "https://u:secret@a.example" })).toEqual([
    "KAFKA_REST_URL: Expected no user in it: set KAFKA_REST_USERNAME and KAFKA_REST_PASSWORD.",
  ]);
  expect(await proxyProblems({ KAFKA_REST_KIND: "kafka" })).toEqual([
    "KAFKA_REST_KIND: Expected one of upstash, confluent, strimzi, rest-v2.",
  ]);
});

test("what is missing or wrong of a Kafka REST proxy is told together with all else, and how to set it", async () => {
  const problems = await proxyProblems({ KAFKA_REST_KIND: "confluent", KAFKA_REST_USERNAME: "u", KAFKA_REST_TOKEN: "t", AUTH: "" });
  expect(problems).toEqual([
    expect.stringMatching(/^KAFKA_REST_URL is not set: Set it to what comes before \/v3/),
    expect.stringMatching(/^KAFKA_REST_PASSWORD is not set: /),
    "KAFKA_REST_TOKEN: Expected either a token or a user with a password.",
    expect.stringMatching(/^KAFKA_REST_CLUSTER_ID is not set: /),
    expect.stringMatching(/^AUTH is not set: /),
  ]);
  expect(
    await proxyProblems({ KAFKA_REST_KIND: "confluent", KAFKA_REST_URL: "https://a.example/v3/clusters", KAFKA_REST_CLUSTER_ID: "c" }),
  ).toEqual(["KAFKA_REST_URL: Expected what comes before /v3."]);
});
