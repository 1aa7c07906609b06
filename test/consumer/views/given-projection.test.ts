import { expect, test } from "vitest";
import * as z from "zod";
import { givenEvents } from "../../../consumer/deciders/given-events.ts";
import { projection, type ProjectionDefinition } from "../../../consumer/views/projection.ts";
import { view } from "../../../contract/view.ts";
import { accounts } from "../../contract/bank.ts";

const view_ = view({ from: accounts, version: 1, row: z.strictObject({ owner: z.string(), cents: z.int() }) });
type On = ProjectionDefinition<typeof view_>["on"];

const on: On = {
  opened: (_, { owner }) => ({ owner, cents: 0 }),
  credited: (row, { cents }) => (row === undefined ? null : { ...row, cents: row.cents + cents }),
  debited: (row, { cents, fee }) => (row === undefined || row.cents === cents + fee ? null : { ...row, cents: row.cents - cents - fee }),
};
const balances = projection(view_, { on });
const changed = (more: On) => projection(view_, { on: { ...on, ...more } });

const opened = (owner: string) => ({ type: "opened", data: { owner } }) as const;
const credited = { type: "credited", data: { cents: 5 } } as const;
const debited = { type: "debited", data: { cents: 5 } } as const;

test("a projection is tested by its rows after events, without any infrastructure", () => {
  const bank = givenEvents(accounts, "ada", opened("Ada"), credited).and("bob", opened("Bob")).and("ada", credited);
  bank.thenRow(balances, "ada", { owner: "Ada", cents: 10 });
  bank.thenRow(balances, "bob", { owner: "Bob", cents: 0 });
  bank.thenNoRow(balances, "eve");
  givenEvents(accounts, "ada", opened("Ada"), credited, debited).thenNoRow(balances, "ada");
  givenEvents(accounts, "ada").thenNoRow(balances, "ada");
});

let count = 0;
const ada = givenEvents(accounts, "ada", opened("Ada"), credited);
test.each<[string, () => void, RegExp]>([
  ["the row is another one", () => ada.thenRow(balances, "ada", { owner: "Ada", cents: 6 }), /cents/],
  ["there is none", () => ada.thenRow(balances, "bob", { owner: "Bob", cents: 0 }), /undefined/],
  ["there is one", () => ada.thenNoRow(balances, "ada"), /Ada/],
  [
    "a row does not fit the view",
    () => ada.thenNoRow(changed({ credited: () => ({ owner: "Ada", cents: 0.5 }) }), "ada"),
    /fits the view's schema/,
  ],
  [
    "it makes another row each time",
    () => ada.thenNoRow(changed({ credited: () => ({ owner: "Ada", cents: (count += 1) }) }), "ada"),
    /to make the same when it folds again/,
  ],
  [
    "a row is changed in place",
    () => ada.thenNoRow(changed({ credited: (row, { cents }) => Object.assign(row as object, { owner: "Ada", cents }) }), "ada"),
    /on.credited of the projection to leave what it is given as it was/,
  ],
])("the test fails if %s", (_, run, message) => {
  expect(run).toThrow(message);
});

test("what does not compile: a projection of another aggregate's view, another row", () => {
  // @ts-expect-error the row is another one
  expect(() => ada.thenRow(balances, "ada", { owner: "Ada" })).toThrow();
});
