import { expect, test } from "vitest";
import { placeOf } from "../../../worker/dead-letters/letter-place.ts";
import type { TopicPartitionOffset } from "../../../protocol/topic-partition.ts";
import { readLetterFilter } from "../../../cli/dead-letters/letter-arguments.ts";
import { type LetterFilter, selectLetters } from "../../../worker/dead-letters/selection.ts";
import { settleLetter } from "../../../worker/dead-letters/settle.ts";
import { newRequest } from "../../consumer/requests.ts";
import { allOf, asLetter, deadRequest, lettersStage, type LettersStage, TOPIC } from "./letters.ts";

/** The places of the letters that a filter means, after a check that their number is known before. */
const selected = async ({ log }: LettersStage, filter: LetterFilter, topics: readonly string[] = [TOPIC]): Promise<string[]> => {
  const { count, letters } = await selectLetters(log, topics, filter);
  const places = (await allOf(letters())).map(({ letter }) => placeOf(letter.record));
  expect(count).toBe(places.length);
  return places;
};

const at = (place: string | undefined) => readLetterFilter(place, {}, 0).at?.[0] as TopicPartitionOffset;

test("without a filter they are all letters of all partitions of the topics, in their order", async () => {
  const stage = await lettersStage();
  const first = await stage.put([deadRequest(), deadRequest()]);
  const second = await stage.put([asLetter({ value: "poison" })], { partition: 1 });
  const third = await stage.put([deadRequest()], { topic: "other-dlt" });
  expect(await selected(stage, {}, [TOPIC, "other-dlt", "missing-dlt"])).toEqual([...first, ...second, ...third]);
  expect(await selected(stage, {}, [TOPIC])).toEqual([...first, ...second]);
});

test("they are chosen by operation, code, correlation ID, and place", async () => {
  const stage = await lettersStage();
  const echo = newRequest({ operation: "echo" });
  const [sum, other, poison] = await stage.put([
    deadRequest(),
    deadRequest(echo, { code: "INVALID_REPLY" }),
    asLetter({ value: "poison" }, { code: "INVALID_RECORD" }),
  ]);
  expect(await selected(stage, { operation: "sum" })).toEqual([sum]);
  expect(await selected(stage, { code: "INVALID_REPLY" })).toEqual([other]);
  expect(await selected(stage, { code: "INVALID_RECORD" })).toEqual([poison]);
  expect(await selected(stage, { correlationId: echo.correlationId })).toEqual([other]);
  expect(await selected(stage, { operation: "echo", code: "HANDLER_FAILED" })).toEqual([]);
  expect(await selected(stage, { at: [at(poison)] })).toEqual([poison]);
  expect(await selected(stage, { at: [{ ...at(poison), offset: 99 }] })).toEqual([]);
});

test("they are chosen by the time at which they died", async () => {
  const stage = await lettersStage();
  const noon = Date.now() - 3_600_000;
  const [before] = await stage.put([deadRequest()], { timestamp: noon - 1 });
  const [exactly] = await stage.put([deadRequest()], { timestamp: noon });
  const [after] = await stage.put([deadRequest()], { timestamp: noon + 1 });
  expect(await selected(stage, { since: noon })).toEqual([exactly, after]);
  expect(await selected(stage, { until: noon })).toEqual([before]);
  expect(await selected(stage, { since: noon, until: noon + 1 })).toEqual([exactly]);
});

test("a letter that was settled is left out, however it is asked for, unless settled ones are wanted", async () => {
  const stage = await lettersStage();
  const noon = Date.now() - 3_600_000;
  const [dropped, redriven, open] = await stage.put([deadRequest(), deadRequest(), deadRequest()], { timestamp: noon });
  await settleLetter(stage.log, at(dropped), { action: "dropped" });
  await settleLetter(stage.log, at(redriven), { action: "redriven", correlationId: "other" });
  expect(await selected(stage, {})).toEqual([open]);
  expect(await selected(stage, { until: noon + 1 })).toEqual([open]);
  expect(await selected(stage, { at: [at(dropped)] })).toEqual([]);
  const { letters } = await selectLetters(stage.log, [TOPIC], { settled: true });
  expect((await allOf(letters())).map(({ settlement }) => settlement)).toEqual([
    { action: "dropped", at: expect.any(String) },
    { action: "redriven", correlationId: "other", at: expect.any(String) },
    undefined,
  ]);
});

test("letters that come, or are settled, after they were counted are not among them, or still are", async () => {
  const stage = await lettersStage();
  const places = await stage.put([deadRequest(), deadRequest()]);
  const { count, letters } = await selectLetters(stage.log, [TOPIC], {});
  await stage.put([deadRequest()]);
  await settleLetter(stage.log, at(places[0]), { action: "dropped" });
  expect([count, (await allOf(letters())).map(({ letter }) => placeOf(letter.record))]).toEqual([2, places]);
});
