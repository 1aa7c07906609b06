import { expect } from "vitest";
import { isTerminal } from "../../../protocol/states.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { until } from "../../helpers/stack.ts";
import { expectOnce, expectOrder } from "./journal.ts";
import type { Stage } from "./stage.ts";

// 500 requests: of 20 keys, some of which fail at first or for good; some that give their reply in pieces; some that wait in the retry topic.
const KEYS = 20;
const OF_EACH_KEY = 20;
const PIECES = 60;
const LATER = 40;
export const REQUESTS = KEYS * OF_EACH_KEY + PIECES + LATER;
const COUNT = 40;

const kindOf = (index: number) => (index % 4 === 1 ? "flaky" : index % 8 === 7 ? "failing" : "plain");

export type Ending = {
  readonly stage: Stage;
  /** Begins when a third is accepted. Who is refused meanwhile comes again when it is over. */
  readonly inTheMiddle: () => Promise<void>;
  /** Whether consumers die in it. */
  readonly hasDied: boolean;
};

/** Whatever happens meanwhile, each ends as it should, in the order of its key and with one effect; nobody sees a status go back, or a gap. */
export const expectAllEnd = async ({ stage, inTheMiddle, hasDied }: Ending): Promise<void> => {
  const { caller, journal, reach } = stage;
  const followed: Promise<void>[] = [];
  const middle = Promise.withResolvers<void>();
  const send = async (operation: string, body: object, expectEnd: (end: StatusBody) => void): Promise<void> => {
    let sent = await caller.send(operation, body);
    while (sent.outcome === "refused") {
      await middle.promise;
      sent = await caller.send(operation, body);
    }
    followed.push(reach(sent.id, hasEnded).then(expectEnd));
    if (followed.length === Math.floor(REQUESTS / 3)) inTheMiddle().then(middle.resolve, middle.reject);
  };

  const sendKey = async (_: unknown, key: number): Promise<void> => {
    for (let index = 0; index < OF_EACH_KEY; index++) {
      const kind = kindOf(index);
      await send("work", { key: `k${key}`, index, kind }, (end) => {
        if (kind === "failing") expect(end).toMatchObject({ state: "failed", error: { code: "NOT_YET", attempts: 3 } });
        else expect(end).toMatchObject({ state: "succeeded", reply: { index } });
      });
    }
  };
  const sendPieces = (_: unknown, index: number) =>
    send("pieces", { key: "", index, kind: "plain", count: COUNT }, (end) => {
      expect(end).toMatchObject({ state: "succeeded", reply: { index } });
      expect(end.chunks).toHaveLength(COUNT);
    });
  const sendLater = (_: unknown, index: number) =>
    send("later", { key: "", index, kind: "plain" }, (end) => expect(end).toMatchObject({ state: "succeeded", reply: { index } }));
  await Promise.all([
    ...Array.from({ length: PIECES }, sendPieces),
    ...Array.from({ length: LATER }, sendLater),
    ...Array.from({ length: KEYS }, sendKey),
  ]);
  await middle.promise;
  expect(followed).toHaveLength(REQUESTS);
  await Promise.all(followed);
  expectOrder(journal.read());
  expectOnce(journal.read(), hasDied);
};

/** Whether it has; its chunks so far are in order, and none is missing. */
const hasEnded = ({ state, chunks = [] }: StatusBody): boolean => {
  expect(chunks).toEqual(Array.from(chunks, (_, index) => index));
  return isTerminal(state);
};

/** Resolves when handlers emit, and somebody has seen it. */
export const untilSomeEmit = ({ journal }: Pick<Stage, "journal">): Promise<void> =>
  until(() => journal.read().filter(({ what, key }) => what === "begins" && key === "").length >= 10);

/** kill -9 of the consumer, four times, each when others have had their effects since it came back. */
export const killConsumerAgainAndAgain = async ({ stack, journal }: Stage): Promise<void> => {
  for (let time = 0; time < 4; time++) {
    const { length } = journal.read();
    await until(() => journal.read().length > length + 20);
    await stack.crash("consumer");
  }
};
