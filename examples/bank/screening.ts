// The screening service, as another team would have it: it knows the topic of events and the HTTP API, and nothing else of the bank. It keeps nothing.
// What it has read it reads again when it starts, and the events themselves say which payments have their answer.
import { setTimeout as wait } from "node:timers/promises";

const WORKER = process.env["WORKER_URL"] ?? "http://localhost:8787";
const GATEWAY = process.env["UPSTASH_KAFKA_REST_URL"] ?? "http://localhost:8788";
const credentials = `${process.env["UPSTASH_KAFKA_REST_USERNAME"] ?? "rejoinder"}:${process.env["UPSTASH_KAFKA_REST_PASSWORD"] ?? ""}`;
const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;

/** A consumer group of its own. It never commits, so whoever is given a partition reads it from its beginning, as the rule below needs it. */
const INSTANCE = "screening/one";
const TOPIC = "payment-events";
/** Payments of so many cents are for a person, who is not part of the example: nobody answers them, and they time out. */
const FOR_A_PERSON = 90_000;
/** Those of so many are rejected. */
const TOO_MUCH = 100_000;
/** A request that was accepted and then lost is sent again. The key makes it the same request if it was not. */
const ASK_AGAIN_MS = 10_000;
const AT_ONCE = 16;

type KafkaRecord = {
  readonly key: string;
  readonly value: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
};
type Event = { readonly type: string; readonly data: { readonly cents: number } };

/** The rule of docs/reading-events.md: a commit counts if its `after` is the last commit of its key that counts. */
const last = new Map<string, string>();
const counts = ({ key, headers }: KafkaRecord): boolean => {
  const valueOf = (name: string) => headers.findLast((header) => header.key === name)?.value;
  const [commit, after] = [valueOf("commit"), valueOf("after")];
  if (key === "" || commit === undefined || after === undefined || commit === after) return false;
  if (!/^[\w-]{1,64}$/.test(commit) || after !== (last.get(key) ?? "")) return false;
  last.set(key, commit);
  return true;
};

/** Payments that wait for their screening, and when to ask for it next. */
const waiting = new Map<string, { readonly cents: number; askAt: number }>();

const read = (record: KafkaRecord): void => {
  if (!counts(record)) return;
  for (const { type, data } of JSON.parse(record.value) as readonly Event[]) {
    if (type === "payment.reserved") waiting.set(record.key, { cents: data.cents, askAt: 0 });
    else waiting.delete(record.key);
  }
};

const answer = async (payment: string, cents: number): Promise<void> => {
  const verdict = cents < TOO_MUCH ? "approved" : "rejected";
  const response = await fetch(`${WORKER}/requests/payment.note-screened`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `screening-${payment}` },
    body: JSON.stringify({ payment, verdict, reason: verdict === "rejected" ? "over the limit" : "" }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${response.status} for ${payment}`);
  console.log(`${payment} ${verdict}`);
};

const answerAll = async (): Promise<void> => {
  const now = Date.now();
  const due = [...waiting].filter(([, { cents, askAt }]) => askAt <= now && (cents < FOR_A_PERSON || cents >= TOO_MUCH));
  const next = due.values();
  const answerSome = async (): Promise<void> => {
    for (const [payment, one] of next) {
      one.askAt = now + ASK_AGAIN_MS;
      await answer(payment, one.cents).catch((error: unknown) => {
        console.error(String(error));
        one.askAt = now + 1_000;
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, answerSome));
};

const call = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${GATEWAY}${path}`, { method: "POST", headers: { authorization, ...headers }, signal: AbortSignal.timeout(30_000) });

const consume = async (): Promise<readonly KafkaRecord[]> => {
  const response = await call(`/consume/${INSTANCE}/${TOPIC}?timeout=500`, {
    "kafka-auto-offset-reset": "earliest",
    "kafka-enable-auto-commit": "false",
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as readonly KafkaRecord[];
};

// An instance of the same name that was killed would go on where that one was.
for (let isNew = false; !isNew;) {
  isNew = await call(`/delete-consumer/${INSTANCE}`).then(
    ({ ok, status }) => ok || status === 404,
    () => false,
  );
  if (!isNew) await wait(200);
}
console.log("screening reads");
for (;;) {
  try {
    for (const record of await consume()) read(record);
    await answerAll();
  } catch (error) {
    // The bank is away: it comes back.
    console.error(String(error));
    await wait(200);
  }
}
