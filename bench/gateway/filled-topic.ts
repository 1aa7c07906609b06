import { Client } from "undici";
import { type Answer, exchange, type Work } from "../load.ts";
import { createConsumption, createLargePosts, LARGE, type Server, TOPICS } from "./requests.ts";

/** A topic that holds so many records, which a consumer is given in so many batches. */
export type FilledTopic = {
  readonly topic: string;
  readonly records: number;
  readonly batches: number;
  /** A batch from the midst, as it was answered, and the answer to its commit. */
  readonly batch: Answer;
  readonly commit: Answer;
};

const run = async (client: Client, work: Work): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (const target of work.next()) answers.push(await exchange(client, target, { keepBody: true }));
  return answers;
};

/** Posts {@link LARGE} records so many times. @returns how many records there are then */
export const postRecords = async (server: Server, topic: string, posts: number): Promise<number> => {
  const client = new Client(server.url);
  try {
    const work = createLargePosts(server, topic);
    for (let post = 0; post < posts; post++) await run(client, work);
    return posts * LARGE;
  } finally {
    await client.destroy();
  }
};

/** Posts so many times to the topic `filled`, and takes all of it once. @throws Error if it ends before all of it was taken. */
export const fillTopic = async (server: Server, posts: number): Promise<FilledTopic> => {
  const { filled: topic } = TOPICS;
  const records = await postRecords(server, topic, posts);
  const client = new Client(server.url);
  try {
    const consumption = createConsumption(server, { topic, group: "filling" });
    let batches = 0;
    let middle: readonly Answer[] = [];
    for (let taken = 0; taken < records; batches++) {
      const answers = await run(client, consumption);
      const count = (JSON.parse(answers[0]?.body ?? "[]") as unknown[]).length;
      if (count === 0) throw new Error(`Expected ${records} records to be in ${topic}, got ${taken}`);
      if (taken < records / 2) middle = answers;
      taken += count;
    }
    const [batch, commit] = middle as readonly [Answer, Answer];
    return { topic, records, batches, batch, commit };
  } finally {
    await client.destroy();
  }
};
