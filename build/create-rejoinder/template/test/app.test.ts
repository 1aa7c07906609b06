import { startRejoinder } from "@rejoinder/sdk/testing";
import { expect, test } from "vitest";
import consumer from "../app/consumer.ts";

test("every operation replies to the examples in its contract", async () => {
  // All of it in this process: the Worker in workerd, a gateway with a log of its own, and your handlers.
  await using app = await startRejoinder(consumer);
  for (const { name, description } of Object.values(consumer.contract)) {
    for (const example of (description.request["examples"] ?? []) as unknown[]) {
      await expect(app.client.request(name, example as never), name).resolves.toBeDefined();
    }
  }
});

// Of an operation of your own: expect(await app.client.request("sum", { a: 2, b: 3 })).toEqual({ sum: 5 });
