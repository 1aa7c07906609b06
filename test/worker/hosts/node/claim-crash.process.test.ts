import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serve } from "../../../helpers/served.ts";
import { startServed } from "./served-process.ts";

type Sent = { readonly topic: string; readonly headers: Readonly<Record<string, string>> | readonly { key: string; value: string }[] };

/** A Kafka REST proxy that never answers the first record, and says what it was sent. */
const startProxy = async () => {
  const sent: string[] = [];
  const arrived = Promise.withResolvers<void>();
  const { url, close } = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST") return response.writeHead(200, { "content-type": "application/json" }).end("{}");
      const records = [JSON.parse(Buffer.concat(chunks).toString()) as Sent | readonly Sent[]].flat() as Sent[];
      sent.push(...records.map(({ headers }) => /[\w-]{63}/.exec(JSON.stringify(headers))?.[0] ?? ""));
      if (sent.length === 1) return arrived.resolve();
      const metadata = records.map(({ topic }, offset) => ({ topic, partition: 0, offset, timestamp: 1 }));
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(metadata));
    });
  });
  onTestFinished(close);
  return { url, sent, arrived: arrived.promise };
};

test(
  "kill -9 between claim and produce: the retry is sent under the ID of the first, once, and is one request from then on",
  { retry: 0 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "rejoinder-claim-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const proxy = await startProxy();
    const start = async () => {
      const { running, url } = await startServed(directory, proxy.url);
      const send = () =>
        fetch(`${url}/requests/sum`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": '"one"' },
          body: '{"a":2,"b":3}',
        });
      return { running, send };
    };

    const first = await start();
    const lost = first.send().catch(() => "lost");
    await proxy.arrived;
    await first.running.stop("SIGKILL");
    expect(await lost).toBe("lost");

    const { send } = await start();
    const retries = await Promise.all([send(), send(), send()]);
    const [id] = proxy.sent;
    expect(proxy.sent).toEqual([id, id]);
    for (const retry of retries) expect([retry.status, retry.headers.get("location")]).toEqual([202, `/status/${String(id)}`]);
    expect((await send()).headers.get("idempotent-replayed")).toBe("true");
    expect(proxy.sent).toHaveLength(2);
  },
);
