// Counters on @event-driven-io/emmett, with its store on SQLite, as a program that measures its own calls.
import { CommandHandler } from "@event-driven-io/emmett";
import { getSQLiteEventStore } from "@event-driven-io/emmett-sqlite";
import { createQueue, serveMeasurements } from "../peer-program.ts";

const store = getSQLiteEventStore({ fileName: `${process.argv[2]}/emmett.db`, schema: { autoMigration: "CreateOrUpdate" } });
const handle = CommandHandler({
  evolve: ({ count }, { data }) => ({ count: count + data.by }),
  initialState: () => ({ count: 0 }),
});
const incremented = () => ({ type: "incremented", data: { by: 1 } });

const inTurn = createQueue();
serveMeasurements({
  increment: (stream) => inTurn(() => handle(store, stream, incremented)),
  repeat: (stream, times) => inTurn(() => handle(store, stream, () => Array.from({ length: times }, incremented))),
});
