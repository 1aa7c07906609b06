import { expect, test } from "vitest";
import { withArguments } from "../../cli/arguments.ts";

test("--kafka means the cluster of KAFKA_BROKERS, or the one on this machine", () => {
  expect(withArguments(["--kafka"], { KAFKA_BROKERS: "kafka-1:9092" })).toEqual({ KAFKA_BROKERS: "kafka-1:9092" });
  expect(withArguments(["--kafka"], { KAFKA_BROKERS: "", PORT: "1" })).toEqual({ KAFKA_BROKERS: "localhost:9092", PORT: "1" });
});

test("without arguments the environment is as it is", () => {
  expect(withArguments([], { PORT: "1" })).toEqual({ PORT: "1" });
});

test("an argument that nobody knows is an error that names it", () => {
  expect(() => withArguments(["--kafka", "--kakfa"], {})).toThrow('Expected --kafka or nothing, got "--kakfa".');
});
