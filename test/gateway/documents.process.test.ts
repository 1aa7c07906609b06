import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startGatewayProcess } from "../helpers/gateway.ts";

const PAGE = readFileSync(new URL("../../docs/upstash-kafka.md", import.meta.url), "utf8");

/** A command of the page and what it says that the command prints. */
const EXAMPLE = /```sh\n(?<command>[^`]+)```\n\n```json\n(?<answer>[^`]+)```/g;

/** When something was stored differs from run to run. */
const parse = (text: string): unknown => JSON.parse(text, (name, value: unknown) => (name === "timestamp" ? "some time" : value));

const hasCurl = spawnSync("sh", ["-c", "curl --version"]).status === 0;

test.skipIf(!hasCurl)("the commands of the page about the API print what the page says", async () => {
  const gateway = await startGatewayProcess({ GATEWAY_TOPICS: "cities:3" });
  onTestFinished(() => gateway.remove());
  const variables = {
    PATH: process.env["PATH"],
    UPSTASH_KAFKA_REST_URL: gateway.url,
    UPSTASH_KAFKA_REST_USERNAME: gateway.username,
    UPSTASH_KAFKA_REST_PASSWORD: gateway.password,
  };
  const examples = [...PAGE.matchAll(EXAMPLE)];
  expect(examples.length).toBe(PAGE.split("```sh").length - 1);
  expect(examples.length).toBeGreaterThan(4);
  for (const { groups: { command = "", answer = "" } = {} } of examples) {
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: variables });
    expect(parse(stdout)).toEqual(parse(answer));
  }
});
