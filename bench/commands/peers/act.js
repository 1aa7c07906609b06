// Counters on @rotorsoft/act, with its store on SQLite, as a program that measures its own calls.
import { act, projection, state, store } from "@rotorsoft/act";
import { SqliteStore } from "@rotorsoft/act-sqlite";
import { z } from "zod";
import { createQueue, serveMeasurements } from "../peer-program.ts";

const by = z.int().positive();
const Counter = state({ Counter: z.object({ count: z.number() }) })
  .init(() => ({ count: 0 }))
  .emits({ Incremented: z.object({ by }) })
  .patch({ Incremented: ({ data }, { count }) => ({ count: count + data.by }) })
  .on({ increment: z.object({ by }) })
  .emit((action) => ["Incremented", { by: action.by }])
  .on({ repeat: z.object({ by, times: z.int() }) })
  .emit((action) => Array.from({ length: action.times }, () => ["Incremented", { by: action.by }]))
  .build();

const rows = new Map();
let projected = 0;
const Counts = projection("counts")
  .on({ Incremented: z.object({ by }) })
  .do(async function count({ stream, data }) {
    rows.set(stream, (rows.get(stream) ?? 0) + data.by);
    projected += 1;
  })
  .build();

store(new SqliteStore({ url: `file:${process.argv[2]}/act.db` }));
await store().seed();
const app = act().withState(Counter).withProjection(Counts).build();
const actor = { id: "bench", name: "bench" };

const inTurn = createQueue();
serveMeasurements({
  increment: (stream) => inTurn(() => app.do("increment", { stream, actor }, { by: 1 })),
  repeat: (stream, times) => inTurn(() => app.do("repeat", { stream, actor }, { by: 1, times })),
  /** What was appended, folded into rows with a checkpoint. */
  async project() {
    projected = 0;
    await app.correlate({ limit: 100_000 });
    for (let before = -1; before !== projected;) {
      before = projected;
      await app.drain({ streamLimit: 100, eventLimit: 1_000 });
    }
    return projected;
  },
});
