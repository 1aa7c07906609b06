import type { Client } from "@rejoinder/sdk/client";
import type { Handler } from "@rejoinder/sdk/consumer";
import { contract } from "./contract.ts";

/**
 * Starts a payment and follows it by the view. The payment goes its own way meanwhile: it ends the same if nobody follows it. Its ID is that of the
 * request, so a handler that is called again follows the same payment.
 */
export const createPay =
  (client: Client<typeof contract>): Handler<(typeof contract)["pay"]> =>
  async (request, { correlationId: payment, progress, signal, errors }) => {
    try {
      await client.request("payment.initiate", { payment, ...request }, { signal, idempotencyKey: `initiate-${payment}` });
    } catch (error) {
      if (client.isDefined(error, "SAME_ACCOUNT")) throw errors.SAME_ACCOUNT(error.problem?.detail);
      throw error;
    }
    for await (const row of client.view("payments", payment, { signal })) {
      if (row === undefined) continue;
      const { stage, isOver, journey } = row;
      await progress({ payment, journey });
      if (!isOver) continue;
      if (stage === "completed") return { payment, journey };
      throw errors.NOT_PAID({ payment, journey }, `The payment was ${journey.at(stage === "compensated" ? -2 : -1)?.stage}.`);
    }
    throw new Error("Expected the payment to end.");
  };
