import "reflect-metadata";
import { createInterface } from "node:readline";
import { ClientProxyFactory, Transport, type ClientKafka } from "@nestjs/microservices";
import { firstValueFrom, timeout } from "rxjs";

type Settings = { readonly brokers: readonly string[]; readonly topics: readonly string[] };
type Line = { readonly topic: string; readonly request: object };

/** Longer than any reply takes; without it a client of Nest waits for ever. */
const TIMEOUT_MS = 30_000;

if (import.meta.main) {
  const { brokers, topics } = JSON.parse(process.argv[2] as string) as Settings;
  const client = ClientProxyFactory.create({
    transport: Transport.KAFKA,
    options: { client: { brokers: [...brokers] }, consumer: { groupId: `${topics[0]}-requester` } },
  }) as unknown as ClientKafka;
  for (const topic of topics) client.subscribeToResponseOf(topic);
  await client.connect();
  console.log('{"ready":true}');

  const send = ({ topic, request }: Line): Promise<object> =>
    firstValueFrom(client.send<unknown, object>(topic, request).pipe(timeout(TIMEOUT_MS))).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await send(JSON.parse(line) as Line)));
  await client.close();
  process.exit(0);
}
