import fc from "fast-check";
import { expect, test } from "vitest";
import { host } from "../hosts/cloudflare/test-host.ts";
import { dropTables } from "../support/mailbox.ts";
import { ADA, ANYBODY, EVE, openIndexed, pagesOf } from "../support/request-index.ts";
import { replyFor } from "../support/worker.ts";

test("pages have every request once and in order, whatever is sent and answered meanwhile", async () => {
  const anyRequest = fc.record({
    owner: fc.constantFrom(ADA, ADA, EVE, ANYBODY),
    operation: fc.constantFrom("sum", "echo"),
    isDone: fc.boolean(),
    // Often in the same millisecond.
    afterMs: fc.constantFrom(0, 0, 1, 400_000),
    retentionSeconds: fc.constantFrom(86_400, 604_800, 5_184_000),
  });
  const anyList = fc.record({
    sent: fc.array(anyRequest, { maxLength: 30 }),
    meanwhile: fc.array(anyRequest, { maxLength: 5 }),
    limit: fc.integer({ min: 1, max: 8 }),
    operation: fc.constantFrom(undefined, "sum"),
    isDone: fc.constantFrom(undefined, true),
  });
  await host.inStorage(async (storage) => {
    await fc.assert(
      fc.asyncProperty(anyList, async ({ sent, meanwhile, limit, operation, isDone }) => {
        dropTables(storage);
        const opened = openIndexed(storage);
        const send = async (request: (typeof sent)[number]) => {
          opened.clock.now += request.afterMs;
          const id = await opened.send(request);
          if (request.isDone) await opened.mailbox.write([replyFor(id)]);
          return { id, request };
        };
        const made: Awaited<ReturnType<typeof send>>[] = [];
        for (const request of sent) made.push(await send(request));
        opened.clock.now += 1;
        const expected = made
          .filter(({ request }) => request.owner === ADA && (operation ?? request.operation) === request.operation)
          .filter(({ request }) => isDone === undefined || request.isDone)
          .map(({ id }) => id)
          .toSorted((one, other) => other.createdAt - one.createdAt || (one.text > other.text ? -1 : 1));
        const state = isDone === true ? "succeeded" : undefined;
        const pages = await pagesOf(opened, { limit, operation, state }, async () => {
          for (const request of meanwhile) await send(request);
        });
        expect(pages.flat()).toEqual(expected.map(({ text }) => text));
        if (operation === undefined && state === undefined) expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
