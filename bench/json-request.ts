import { isDeepStrictEqual } from "node:util";
import { Client } from "undici";
import { exchange, type Target } from "./load.ts";

/** A POST of JSON that is answered with 200. */
export const post = (origin: string, path: string, body: unknown): Target => ({
  origin,
  method: "POST",
  path,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
  status: 200,
});

/** Sends it once. @throws Error if the answer is not this. */
export const expectAnswer = async (target: Target, expected: object): Promise<void> => {
  const client = new Client(target.origin);
  try {
    const { body } = await exchange(client, target, { keepBody: true });
    if (!isDeepStrictEqual(JSON.parse(body), expected))
      throw new Error(`Expected ${target.origin}${target.path} to answer ${JSON.stringify(expected)}, got ${body}`);
  } finally {
    await client.destroy();
  }
};
