import { describe, test } from "vitest";
import { kafkaSuite, type SharedKafka } from "../kafka/broker/suite.ts";
import { missingForSpring } from "./spring/app.ts";

/** A suite on the shared Kafka that needs the Spring application, too. Where that cannot be built it is skipped, and fails with `CI` set. */
export const springSuite = async (name: string, suite: (kafka: SharedKafka) => void): Promise<void> => {
  const missing = await missingForSpring();
  if (missing === undefined) return kafkaSuite(name, suite);
  console.warn(`\nSKIPPED: ${name}. ${missing}\n`);
  describe.skip(name, () => test("runs where Spring does", () => {}));
  if ((process.env["CI"] ?? "") !== "")
    test(`${name}: Spring can be built`, () => {
      throw new Error(missing);
    });
};
