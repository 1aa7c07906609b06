import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { HOSTS, startStack } from "../helpers/stack.ts";

const SHIFT = fileURLToPath(new URL("fixtures/shifted-clock.mjs", import.meta.url));

test.each(HOSTS.flatMap((host) => [-600, 35, 600].map((seconds) => ({ host, seconds }))))(
  "a consumer whose clock is $seconds s off answers callers of the Worker in $host in time, and says once how far off it is",
  async ({ host, seconds }) => {
    const stack = await startStack({ NODE_OPTIONS: `--import=${SHIFT}`, SHIFTED_CLOCK_MS: `${seconds * 1_000}` }, { host });
    onTestFinished(() => stack.remove());
    const ask = async (operation: string, body: unknown): Promise<unknown> => {
      const response = await fetch(`${stack.url}/requests/${operation}`, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=20" },
        body: JSON.stringify(body),
      });
      return [response.status, await response.json()];
    };
    for (let a = 0; a < 20; a++) expect(await ask("sum", { a, b: 3 })).toEqual([200, { sum: a + 3 }]);
    const said = stack.output().match(/the Worker's clock differs from this machine's/g);
    expect(said).toHaveLength(1);
    expect(stack.output()).toMatch(new RegExp(`differenceSeconds"?[:=] ?"?${-seconds}`));
  },
);
