import { setTimeout as wait } from "node:timers/promises";
import { Client } from "undici";
import { type Calls, exchange, type Target } from "../load.ts";

const [PENDING, READABLE] = [202, 200];
const SUCCEEDED = '"state":"succeeded"';

/** Sends a request that is accepted, and asks for its status after as long as the answers say, until it has succeeded. @throws Error if it fails. */
export const createAcceptAndPoll = (request: Target): Calls => ({
  async open() {
    const { origin } = request;
    const client = new Client(origin, { pipelining: 1 });
    return {
      async call() {
        const accepted = await exchange(client, request, { keepBody: true });
        const { correlationId } = JSON.parse(accepted.body) as { correlationId: string };
        const status: Target = { origin, method: "GET", path: `/status/${correlationId}`, status: [PENDING, READABLE] };
        let answer = accepted;
        while (answer.status === PENDING) {
          await wait(Number(answer.headers["retry-after"]) * 1_000);
          answer = await exchange(client, status, { keepBody: true });
        }
        if (!answer.body.includes(SUCCEEDED)) throw new Error(`Expected the request to succeed, got ${answer.body}`);
      },
      close: () => client.destroy(),
    };
  },
});
