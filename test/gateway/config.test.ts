import { expect, test } from "vitest";
import { readGatewayConfig } from "../../gateway/config.ts";

const read = (variables: Record<string, string>) => readGatewayConfig({ GATEWAY_CREDENTIALS: "a:b", ...variables });

test("keeps records for seven days and without a limit of bytes, as Kafka does, and makes no topics on demand", () => {
  expect(read({})).toMatchObject({ GATEWAY_RETENTION_MS: 604_800_000, GATEWAY_AUTO_CREATE_TOPICS: false, GATEWAY_CORS_ORIGINS: [] });
  expect(read({}).GATEWAY_RETENTION_BYTES).toBeUndefined();
});

test("takes -1 for without end", () => {
  expect(read({ GATEWAY_RETENTION_MS: "-1" }).GATEWAY_RETENTION_MS).toBeUndefined();
});

test("reads for each topic its partitions, and how long it is kept", () => {
  const { GATEWAY_TOPICS } = read({ GATEWAY_TOPICS: "a:1, b:6:retention.ms=1000, c:2:retention.bytes=5:retention.ms=-1" });
  expect(Object.fromEntries(GATEWAY_TOPICS)).toEqual({
    a: { partitions: 1, retention: {} },
    b: { partitions: 6, retention: { ms: 1000 } },
    c: { partitions: 2, retention: { bytes: 5, ms: undefined } },
  });
});

test("asks for a cluster only if the engine is on one, and says all that is missing at once", () => {
  expect(read({ KAFKA_USERNAME: "somebody" }).GATEWAY_ENGINE).toBe("embedded");
  const broken = () => read({ GATEWAY_ENGINE: "kafka", KAFKA_SASL_MECHANISM: "PLAIN", GATEWAY_REPLICATION_FACTOR: "0" });
  for (const problem of [
    /KAFKA_BROKERS is not set/,
    /KAFKA_USERNAME is not set/,
    /KAFKA_PASSWORD is not set/,
    /GATEWAY_REPLICATION_FACTOR: Exp/,
  ])
    expect(broken).toThrow(problem);
});

test.each([
  ["GATEWAY_ENGINE", "redis"],
  ["GATEWAY_TOPICS", "a"],
  ["GATEWAY_TOPICS", "a:0"],
  ["GATEWAY_TOPICS", "a:1,a:2"],
  ["GATEWAY_TOPICS", "..:1"],
  ["GATEWAY_TOPICS", "a:1:retention.hours=1"],
  ["GATEWAY_TOPICS", "a:1:retention.ms=-2"],
  ["GATEWAY_RETENTION_MS", "7d"],
  ["GATEWAY_RETENTION_BYTES", "-2"],
  ["GATEWAY_NUM_PARTITIONS", "0"],
  ["GATEWAY_AUTO_CREATE_TOPICS", "maybe"],
  ["GATEWAY_CREDENTIALS", "a:b:watch"],
])("refuses %s=%s, and says what it expects", (name, value) => {
  expect(() => read({ [name]: value })).toThrow(new RegExp(`${name}: Expected`));
});
