import { errorTextOf, type ProxyResponse } from "./proxy-response.ts";
import type { ProxyConnection } from "./proxy-connection.ts";

type TopicCheckOptions = {
  readonly connection: ProxyConnection;
  /** What to call the proxy in a message. */
  readonly product: string;
  /** The names of all topics in the response to `GET /topics`; undefined if this proxy would not respond so. */
  read(body: unknown): readonly string[] | undefined;
};

/** Asks a proxy for its topics, and says which are missing or why the proxy could not be asked. */
export const checkTopics = async (
  { connection, product, read }: TopicCheckOptions,
  topics: readonly string[],
  deadline: number,
): Promise<readonly string[]> => {
  const answer = await connection.get("/topics", deadline);
  const problem = problemOf(answer, "GET /topics", product);
  if (problem !== undefined) return [problem];
  const found = read(answer?.body);
  return found === undefined ? [notThis("GET /topics", product)] : topics.filter((topic) => !found.includes(topic)).map(missingTopic);
};

/** Proxies of the v2 API answer `GET /topics` with an array of names. */
export const readTopicNames = (body: unknown): readonly string[] | undefined =>
  Array.isArray(body) && body.every((name) => typeof name === "string") ? body : undefined;

/** Says that the proxy does not show a topic to this caller. */
export const missingTopic = (topic: string): string =>
  `Topic ${topic} does not exist, or this caller may not see it. Create it, or allow the caller to use it.`;

/** Says that a response does not come from the proxy that KAFKA_REST_KIND names. */
export const notThis = (asked: string, product: string): string =>
  `${asked} was not answered as ${product} does. Check KAFKA_REST_KIND and the URL.`;

/** What is wrong with a response that should be a 200, and what to do. */
export const problemOf = (answer: ProxyResponse | undefined, asked: string, product: string): string | undefined => {
  if (answer === undefined)
    return `${asked} had no answer in time. Check the URL, and whether the proxy runs and reaches Kafka: some proxies wait a minute for it.`;
  const { status, body } = answer;
  if (status === 200) return undefined;
  const text = errorTextOf(body);
  const said = `${asked} was answered with ${status}${text === undefined ? "" : ` (${text})`}.`;
  if (status === 401) return `${said} Check the user and the password, or the token.`;
  // Karapace says 403 also when Kafka itself is away.
  if (status === 403) return `${said} Check what the caller may do, and whether the proxy reaches Kafka.`;
  if (status >= 500) return `${said} The proxy, or Kafka behind it, has a problem.`;
  return `${said} Check KAFKA_REST_KIND and the URL: expected ${product}.`;
};
