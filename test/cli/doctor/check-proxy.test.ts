import { afterAll, beforeAll, expect, test } from "vitest";
import { startRecordedProxy } from "../../helpers/recorded-proxy.ts";
import { callCommand } from "../run-command.ts";

let proxy: Awaited<ReturnType<typeof startRecordedProxy>>;
beforeAll(async () => {
  proxy = await startRecordedProxy();
});
afterAll(() => proxy.close());

const checkProxy = async (variables: Record<string, string>): Promise<{ code: number; output: string }> => {
  const { code, stdout, stderr } = await callCommand(["doctor", "--proxy"], { variables });
  return { code, output: stdout + stderr };
};
const at = (recording: string, exchange = "only-lookups"): string => `${proxy.url}/${recording}/${exchange}/1`;
const user = { KAFKA_REST_USERNAME: "tester", KAFKA_REST_PASSWORD: "secret" };

test.each([
  ["confluent", "confluent-v3", { KAFKA_REST_CLUSTER_ID: "lkc-1" }],
  ["strimzi", "strimzi", {}],
  ["rest-v2", "karapace", {}],
])("a proxy of kind %s that can be used is said to be so", async (kind, recording, more) => {
  const { code, output } = await checkProxy({ KAFKA_REST_KIND: kind, KAFKA_REST_URL: at(recording), ...user, ...more });
  expect([code, output]).toEqual([0, expect.stringMatching(/^Requests can be produced through .* has requests\.\n$/)]);
});

test("the gateway's own wire is checked under the names of its client's variables", async () => {
  const { code, output } = await checkProxy({
    UPSTASH_KAFKA_REST_URL: at("upstash"),
    UPSTASH_KAFKA_REST_USERNAME: "tester",
    UPSTASH_KAFKA_REST_PASSWORD: "secret",
  });
  expect([code, output]).toEqual([0, expect.stringContaining("through upstash at")]);
});

test.each([
  ["wrong credentials", "rest-v2", "karapace", { KAFKA_REST_PASSWORD: "wrong" }, /401 .*Check the user and the password/],
  ["another proxy", "strimzi", "karapace", {}, /415 .*Check KAFKA_REST_KIND/],
  ["another API", "confluent", "strimzi", { KAFKA_REST_CLUSTER_ID: "lkc-1" }, /404 .*Check KAFKA_REST_KIND/],
])("%s: it ends with what is wrong, and shows no secret", async (_, kind, recording, more, problem) => {
  const { code, output } = await checkProxy({ KAFKA_REST_KIND: kind, KAFKA_REST_URL: at(recording), ...user, ...more });
  expect([code, output]).toEqual([1, expect.stringMatching(problem)]);
  expect(output).not.toMatch(/secret|wrong\b|Basic|at file:/);
});

test("missing variables are all named, without a stack", async () => {
  const { code, output } = await checkProxy({ KAFKA_REST_KIND: "confluent" });
  expect(code).toBe(1);
  expect(output).toMatch(/2 problems:\n {2}- KAFKA_REST_URL is not set: .*\n {2}- KAFKA_REST_CLUSTER_ID is not set: .*\n$/);
});
