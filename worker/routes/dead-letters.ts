import type { Context } from "hono";
import { type Contract, topicsOf } from "../../contract/contract.ts";
import { RejoinderError } from "../../protocol/errors.ts";
import { deadLetterTopicOf } from "../../protocol/topics.ts";
import type { TopicPartitionOffset } from "../../protocol/topic-partition.ts";
import { checkJsonType, parseJson, readBody } from "../body.ts";
import { placeOf, readPlace } from "../dead-letters/letter-place.ts";
import { readLetterQuery, writeCursor } from "../dead-letters/letter-query.ts";
import { type LetterView, viewOf, wholeViewOf } from "../dead-letters/letter-view.ts";
import { type DeadLetterLog, LogError } from "../dead-letters/log.ts";
import { type Redrive, redriveLetter } from "../dead-letters/redrive-letter.ts";
import { type LetterFilter, type SelectedLetter, type Selection, selectLetters } from "../dead-letters/selection.ts";
import { settleLetter } from "../dead-letters/settle.ts";
import { type Authorize, OPERATOR } from "../identity/principal.ts";
import { jsonResponse } from "../responses.ts";
import { checkSameOrigin } from "../same-origin.ts";

/** The body of `GET /dead-letters`: the newest first. */
export type DeadLettersBody = {
  /** Of all that the query means. */
  readonly count: number;
  readonly letters: readonly LetterView[];
  /** The `cursor` of the next page; absent on the last one. */
  readonly next?: string;
};

type DeadLettersOptions = {
  readonly authorize: Authorize;
  readonly contract: Contract;
  /** Undefined: there is no way here to read them. */
  readonly log: DeadLetterLog | undefined;
  readonly redrive: Redrive;
};

/** One call reads no more of the log: it is read to its end each time. */
const MAX_RECORDS = 20_000;
/** Each letter is sent and settled by calls of its own, and a call of the platform may make fifty. */
const MAX_ACTED = 20;
/** Places have at most 300 characters. */
const MAX_BODY_BYTES = 16 * 1_024;

/** `/dead-letters`, for operators: to see them, to send their requests again, and to drop them. */
export const createDeadLettersRoutes = ({ authorize, contract, log, redrive }: DeadLettersOptions) => {
  const topics = topicsOf(contract).map(deadLetterTopicOf);

  const select = (found: DeadLetterLog, filter: LetterFilter): Promise<Selection> => {
    const meant = filter.at === undefined ? topics : topics.filter((topic) => filter.at?.some((place) => place.topic === topic));
    return selectLetters(found, meant, filter, { maxRecords: MAX_RECORDS });
  };

  const route =
    (answer: (context: Context, log: DeadLetterLog) => Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      await authorize(context, OPERATOR);
      if (log === undefined) throw new RejoinderError("NOT_SUPPORTED", { detail: NO_LOG });
      try {
        return await answer(context, log);
      } catch (error) {
        throw error instanceof LogError ? problemOfLog(error) : error;
      }
    };

  /** Does something to letters that are named, one after another. What was done before something failed is told with the failure. */
  const act = (settle: (selected: SelectedLetter, log: DeadLetterLog) => Promise<object>) =>
    route(async ({ req }, log) => {
      checkSameOrigin(req.raw);
      checkJsonType(req.header("content-type"));
      const places = readPlaces(parseJson(await readBody(req.raw, MAX_BODY_BYTES)));
      const results = new Map<string, object>();
      try {
        for await (const selected of (await select(log, { at: places })).letters())
          results.set(placeOf(selected.letter.record), await settle(selected, log));
      } catch (error) {
        const failure = error instanceof LogError ? problemOfLog(error) : error;
        if (!(failure instanceof RejoinderError) || results.size === 0) throw failure;
        const { code, detail, members } = failure;
        throw new RejoinderError(code, {
          ...(detail === undefined ? {} : { detail }),
          members: { ...members, results: Array.from(results, ([letter, result]) => ({ letter, ...result })) },
          cause: failure,
        });
      }
      const all = places.map((place) => ({ letter: placeOf(place), ...(results.get(placeOf(place)) ?? { action: "missing" }) }));
      return jsonResponse(200, JSON.stringify({ results: all }));
    });

  return {
    list: route(async ({ req }, log) => {
      const { filter, limit, after } = readLetterQuery(new URL(req.url).searchParams);
      const selection = await select(log, filter);
      const found = await selection.newest(limit + 1, after);
      const letters = found.slice(0, limit);
      const last = letters.at(-1)?.letter.record;
      const body: DeadLettersBody = {
        count: selection.count,
        letters: letters.map(viewOf),
        ...(found.length > limit && last !== undefined && { next: writeCursor(last) }),
      };
      return jsonResponse(200, JSON.stringify(body));
    }),

    show: route(async ({ req }, log) => {
      const place = readPlace(["topic", "partition", "offset"].map((name) => req.param(name)).join("/"));
      if (place !== undefined)
        for await (const selected of (await select(log, { at: [place], settled: true })).letters())
          return jsonResponse(200, JSON.stringify(wholeViewOf(selected)));
      throw new RejoinderError("UNKNOWN_DEAD_LETTER", { detail: "Expected a letter that GET /dead-letters names." });
    }),

    redrive: act(async ({ letter }, log) => {
      const result = await redriveLetter(letter, { redrive, log });
      if (result.action === "refused") return result;
      return { action: result.action, correlationId: result.correlationId };
    }),

    drop: act(async ({ letter }, log) => {
      await settleLetter(log, letter.record, { action: "dropped" });
      return { action: "dropped" };
    }),
  };
};

const NO_LOG =
  "This Worker cannot read dead letters: that takes a Kafka REST proxy of Upstash's dialect, such as the gateway, or the Worker on Node. Call rejoinder dead-letters.";

const problemOfLog = (error: LogError): RejoinderError =>
  new RejoinderError(error.retryable ? "PRODUCE_UNAVAILABLE" : "PRODUCE_REJECTED", { detail: error.message, cause: error });

/** @throws RejoinderError `INVALID_REDRIVE` */
const readPlaces = (body: unknown): readonly TopicPartitionOffset[] => {
  const letters = typeof body === "object" && body !== null && "letters" in body ? body.letters : undefined;
  const places = Array.isArray(letters) ? letters.map((text: unknown) => (typeof text === "string" ? readPlace(text) : undefined)) : [];
  if (places.length === 0 || places.length > MAX_ACTED || places.includes(undefined))
    throw new RejoinderError("INVALID_REDRIVE", {
      detail: `Expected member letters to name 1 to ${MAX_ACTED} dead letters, each as topic-dlt/partition/offset.`,
    });
  return places as readonly TopicPartitionOffset[];
};
