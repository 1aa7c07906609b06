import { expect } from "vitest";
import { isTerminal } from "../../../protocol/states.ts";
import type { StatusBody } from "../../../protocol/status.ts";
import { type StackProcess, until } from "../../helpers/stack.ts";
import { expectOnce, type Moment } from "./journal.ts";
import type { Stage } from "./stage.ts";

type Case = {
  readonly name: string;
  readonly operation: string;
  readonly body: (index: number) => object;
  /** Resolves at the moment in which the request is cancelled. */
  readonly moment: (stage: Stage, id: string) => Promise<unknown>;
  /** Happens while they are cancelled. */
  readonly meanwhile?: (stage: Stage) => Promise<void>;
  /** How it ends, and what its handler must have noted last: nothing if it never ran. */
  readonly end: readonly [state: StatusBody["state"], noted: Moment | undefined];
};

const noted =
  (what: Moment): Case["moment"] =>
  ({ journal }, id) =>
    until(() => journal.of(id).includes(what));

const reached =
  (isReached: (status: StatusBody) => boolean): Case["moment"] =>
  ({ reach }, id) =>
    reach(id, isReached);

const pauses = reached(({ nextAttemptAt }) => nextAttemptAt !== undefined);

const ofOwnKey =
  (kind: string): Case["body"] =>
  (index) => ({ key: `${kind}-${index}`, index, kind });
const working = { operation: "work", body: ofOwnKey("held"), moment: noted("recorded") } as const;
const emitting = { operation: "pieces", body: (index: number) => ({ key: "", index, kind: "plain", count: 2_000 }) } as const;
const queued = (index: number) => ({ key: "queue", index, kind: "held" });

const casesWith = (restarted: StackProcess): readonly Case[] => [
  { name: "behind another of its key", operation: "work", body: queued, moment: async () => {}, end: ["cancelled", undefined] },
  { name: "when its handler has begun", ...emitting, moment: noted("begins"), end: ["cancelled", "aborted"] },
  { name: "while it emits", ...emitting, moment: reached(({ chunks = [] }) => chunks.length >= 3), end: ["cancelled", "aborted"] },
  { name: "when a step is recorded and has not returned", ...working, end: ["cancelled", "aborted"] },
  { name: "though its handler replies", ...working, body: ofOwnKey("stubborn"), end: ["succeeded", "ends"] },
  { name: "between two attempts", operation: "work", body: ofOwnKey("pausing"), moment: pauses, end: ["cancelled", "fails"] },
  { name: "in the retry topic", operation: "later", body: ofOwnKey("plain"), moment: pauses, end: ["cancelled", "fails"] },
  { name: "around its dead letter", operation: "work", body: ofOwnKey("failing"), moment: noted("ends"), end: ["failed", "ends"] },
  { name: "while the Worker restarts", ...working, meanwhile: ({ stack }) => stack.crash(restarted), end: ["cancelled", "aborted"] },
];

const OF_EACH = 56;

/**
 * Cancels 500 requests, each in one of the moments of its life. Each ends as its handler has, and what is said of it agrees with what was done.
 */
export const expectCancelled = async (stage: Stage, restarted: StackProcess): Promise<void> => {
  const { caller, journal, cancel, reach } = stage;
  const send = async (operation: string, body: object): Promise<string> => {
    const sent = await caller.send(operation, body);
    expect(sent).toMatchObject({ outcome: "accepted" });
    return "id" in sent ? sent.id : "";
  };
  // Until it is cancelled, the others of its key wait.
  const first = await send("work", queued(0));
  await noted("recorded")(stage, first);

  const runCase = async ({ operation, body, moment, meanwhile }: Case): Promise<readonly string[]> => {
    const ids = await Promise.all(Array.from({ length: OF_EACH }, (_, index) => send(operation, body(index + 1))));
    const isCancelled = async (id: string): Promise<void> => {
      if (meanwhile === undefined) await moment(stage, id);
      expect([202, 409]).toContain(await cancel(id));
    };
    if (meanwhile !== undefined) await Promise.all(ids.map((id) => moment(stage, id)));
    await Promise.all([meanwhile?.(stage), ...ids.map(isCancelled)]);
    return ids;
  };
  const expectEnds = async ({ name, end: [state, last] }: Case, ids: readonly string[]): Promise<void> => {
    const ends = await Promise.all(ids.map((id) => reach(id, (status) => isTerminal(status.state))));
    const of = ids.map((id, index) => [ends[index]?.state, journal.of(id).at(-1)]);
    expect(of, `cancelled ${name}`).toEqual(ids.map(() => [state, last]));
    if (state === "failed")
      for (const end of ends) expect(end.error).toMatchObject({ attempts: 3, deadLetter: expect.any(String) as string });
  };

  const cases = casesWith(restarted);
  const [others, restarts] = [cases.filter(({ meanwhile }) => meanwhile === undefined), cases.filter(({ meanwhile }) => meanwhile)];
  for (const group of [others, restarts]) {
    const ids = await Promise.all(group.map(runCase));
    await Promise.all(group.map((one, index) => expectEnds(one, ids[index] ?? [])));
  }
  expect(await cancel(first)).toBe(202);
  expect(await reach(first, ({ state }) => isTerminal(state))).toMatchObject({ state: "cancelled" });
  expectOnce(journal.read(), false);
};
