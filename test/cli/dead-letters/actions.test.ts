import { expect, test } from "vitest";
import { dropLetters, listLetters, redriveLetters, showLetters } from "../../../cli/dead-letters/actions.ts";
import { type AppendedRecord, LogError } from "../../../worker/dead-letters/log.ts";
import type { Redrive } from "../../../worker/dead-letters/redrive-letter.ts";
import { selectLetters } from "../../../worker/dead-letters/selection.ts";
import { decodeEvent } from "../../../protocol/kafka-record.ts";
import { readRequestEvent } from "../../../protocol/request-event.ts";
import { createProblem } from "../../../protocol/problem.ts";
import { newRequest } from "../../consumer/requests.ts";
import { asLetter, deadRequest, lettersStage, TOPIC } from "./letters.ts";

const createOutput = () => {
  const printed: string[] = [];
  const said: string[] = [];
  return { printed, said, print: (line: string) => void printed.push(line), say: (line: string) => void said.push(line) };
};

/** A Worker that sends each request again, under its own ID. */
const sameId: Redrive = async ({ correlationId }) => ({ outcome: "redriven", correlationId, before: false });

const TEXT = { json: false };
const JSON_LINES = { json: true };

test("a list names each letter, its problem and its reason, and cannot command the terminal", async () => {
  const { log, put } = await lettersStage();
  const request = newRequest();
  const [place] = await put([deadRequest(request, { attempts: 3, message: "It\n broke \u001b[2J." })]);
  const output = createOutput();
  await listLetters(await selectLetters(log, [TOPIC], {}), output, TEXT);
  expect(output.printed).toEqual([
    expect.stringMatching(
      new RegExp(`^${place}  \\S+Z  sum  HANDLER_FAILED  ${request.correlationId}\n {4}It broke \ufffd\\[2J\\. \\(after 3 attempts\\)$`),
    ),
  ]);
});

test("a letter is shown with its headers, its key and its payload", async () => {
  const { log, put } = await lettersStage();
  await put([deadRequest(newRequest({ orderingKey: "acme" }))]);
  const output = createOutput();
  await showLetters(await selectLetters(log, [TOPIC], {}), output, TEXT);
  const [text = ""] = output.printed;
  for (const part of [
    "It was at requests/2/17.",
    "  ce_type: sum\n",
    "  rejoinder-code: HANDLER_FAILED\n",
    "key  acme",
    '{\n  "a": 2,\n  "b": 3\n}',
  ])
    expect(text).toContain(part);
  await showLetters(await selectLetters(log, [TOPIC], {}), output, JSON_LINES);
  expect(JSON.parse(output.printed[1] ?? "")).toMatchObject({
    operation: "sum",
    key: "acme",
    payload: '{"a":2,"b":3}',
    headers: expect.arrayContaining([{ key: "ce_type", value: "sum" }]),
  });
});

test("redriven letters are sent in their order, told, and settled", async () => {
  const { log, put } = await lettersStage();
  const requests = [newRequest(), newRequest()] as const;
  const places = await put(requests.map((request) => deadRequest(request)));
  const sent: unknown[] = [];
  const redrive: Redrive = async (request) => {
    sent.push(request);
    return { outcome: "redriven", correlationId: request === sent[0] ? request.correlationId : "new", before: false };
  };
  const output = createOutput();
  const settled = await redriveLetters(redrive, { selection: await selectLetters(log, [TOPIC], {}), log, output, ...JSON_LINES });
  expect(settled).toEqual({ done: 2, failed: 0 });
  expect(sent).toMatchObject(requests);
  expect(output.printed.map((line) => JSON.parse(line) as unknown)).toEqual([
    { letter: places[0], action: "redriven", correlationId: requests[0].correlationId },
    { letter: places[1], action: "redriven", correlationId: "new" },
  ]);
  expect(await selectLetters(log, [TOPIC], {})).toMatchObject({ count: 0 });
  expect(await selectLetters(log, [TOPIC], { settled: true })).toMatchObject({ count: 2 });
});

test("a request that nobody waits for goes back to its own topic, since no Worker knows of it; one that is late in time again", async () => {
  const { log, put } = await lettersStage();
  const inTime = newRequest({ isOneWay: true, orderingKey: "ada", authtype: "system" });
  const late = newRequest({ isOneWay: true, deadline: Date.now() - 1 });
  const places = await put([deadRequest(inTime), deadRequest(late)]);
  const appended: AppendedRecord[] = [];
  const keeping = { ...log, append: async (record: AppendedRecord) => void appended.push(record) };
  const output = createOutput();
  const noWorker: Redrive = () => expect.fail("Expected no Worker to be asked.");
  const settled = await redriveLetters(noWorker, { selection: await selectLetters(log, [TOPIC], {}), log: keeping, output, ...JSON_LINES });
  expect(settled).toEqual({ done: 2, failed: 0 });
  expect(output.printed.map((line) => JSON.parse(line) as unknown)).toEqual([
    { letter: places[0], action: "redriven", correlationId: inTime.correlationId },
    { letter: places[1], action: "redriven", correlationId: late.correlationId },
  ]);
  const [first, , second] = appended as [AppendedRecord, AppendedRecord, AppendedRecord];
  expect(first).toMatchObject({ topic: "requests", partition: 2, key: "ada" });
  const { correlationId, data, deadline } = inTime;
  expect(readRequestEvent(decodeEvent(first))).toMatchObject({ correlationId, data, deadline, authtype: "system", isOneWay: true });
  expect(first.headers.some(({ key }) => key.startsWith("kafka_dlt-") || key.startsWith("rejoinder-"))).toBe(false);
  expect(readRequestEvent(decodeEvent(second)).deadline).toBeGreaterThan(Date.now() + 29 * 86_400_000);
});

test("what cannot be read, or what the Worker refuses, stays, with the reason, and the others go on", async () => {
  const { log, put } = await lettersStage();
  const gone = newRequest();
  const [poison, refused] = await put([asLetter({ value: "poison" }), deadRequest(gone), deadRequest()]);
  const redrive: Redrive = async (request) =>
    request.correlationId === gone.correlationId
      ? { outcome: "refused", problem: createProblem("STATUS_GONE", { detail: "It is too old." }) }
      : await sameId(request);
  const output = createOutput();
  const settled = await redriveLetters(redrive, { selection: await selectLetters(log, [TOPIC], {}), log, output, ...TEXT });
  expect(settled).toEqual({ done: 1, failed: 2 });
  expect(output.printed).toEqual([
    expect.stringMatching(new RegExp(`^${poison} .*\n {4}not redriven: It is no request that can be read: .*drop ${poison}$`)),
    expect.stringMatching(new RegExp(`^${refused} .*\n {4}not redriven: STATUS_GONE: It is too old\\.$`)),
    expect.stringMatching(/\n {4}redriven as \S{63} \(the same request\)$/),
  ]);
  expect(await selectLetters(log, [TOPIC], {})).toMatchObject({ count: 2 });
});

test("dropped letters are settled", async () => {
  const { log, put } = await lettersStage();
  const [place] = await put([asLetter({ value: "poison" })]);
  const output = createOutput();
  expect(await dropLetters({ selection: await selectLetters(log, [TOPIC], {}), log, output, ...JSON_LINES })).toEqual({
    done: 1,
    failed: 0,
  });
  expect(output.printed.map((line) => JSON.parse(line) as unknown)).toEqual([{ letter: place, action: "dropped" }]);
  expect(await selectLetters(log, [TOPIC], {})).toMatchObject({ count: 0 });
});

test("a request that was sent again but could not be marked so is named, and nothing more is sent", async () => {
  const { log, put } = await lettersStage();
  const [place] = await put([deadRequest(), deadRequest()]);
  const broken = {
    append: async () => {
      throw new LogError("The disk is full.", { retryable: false });
    },
  };
  let sent = 0;
  const redrive: Redrive = async (request) => {
    sent += 1;
    return await sameId(request);
  };
  const output = createOutput();
  const selection = await selectLetters(log, [TOPIC], {});
  await expect(redriveLetters(redrive, { selection, log: broken, output, ...TEXT })).rejects.toThrow("The disk is full.");
  expect([sent, output.said]).toEqual([
    1,
    [expect.stringMatching(new RegExp(`^${place} was redriven as \\S{63}, but could not be marked so`))],
  ]);
});
