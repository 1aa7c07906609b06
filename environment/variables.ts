import * as z from "zod";

/** A whole number in text, within bounds. */
export const integer = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `Expected a whole number from ${least} to ${most}.`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `Expected a whole number from ${least} to ${most}.`);

/** An http or https URL, without the slash at its end. */
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, error: "Expected a URL that starts with http:// or https://." })
    .transform((url) => url.replace(/\/+$/, ""));

/** Comma-separated, trimmed, without empty elements. */
export const commaList = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((element) => element.trim())
      .filter((element) => element !== ""),
  );

/** Where the Kafka REST proxy is, under the names that users of @upstash/kafka already have. */
export const kafkaRestVariables = {
  UPSTASH_KAFKA_REST_URL: httpUrl().describe("Set it to the URL of the Kafka REST gateway, such as http://127.0.0.1:8788."),
  UPSTASH_KAFKA_REST_USERNAME: z.string().describe("Set it to a user of GATEWAY_CREDENTIALS."),
  UPSTASH_KAFKA_REST_PASSWORD: z.string().describe("Set it to that user's password of GATEWAY_CREDENTIALS."),
};
