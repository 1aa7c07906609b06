import * as z from "zod";
import { decider } from "../../../consumer/deciders/decider.ts";
import { aggregate } from "../../../contract/aggregate.ts";
import { operation } from "../../../contract/operation.ts";
import { personal } from "../../../contract/personal.ts";

const patient = z.string().min(1);
const contact = z.strictObject({ name: z.string(), phone: z.string() });

/** Patients, of whom events have personal data of every shape. */
export const patients = aggregate({
  events: {
    registered: z.strictObject({ name: personal(z.string()), born: personal(z.iso.date()).optional(), ward: z.string() }),
    visited: z.strictObject({
      visitor: z.string(),
      contact: personal(contact, "visitor"),
      notes: z.array(z.strictObject({ text: personal(z.string()), by: z.string() })).default([]),
    }),
    moved: z.strictObject({ ward: z.string() }),
  },
  commands: {
    /** Tells what the state has. A real one would not, since its answer is kept for ever. */
    look: operation({ request: z.strictObject({ patient }), reply: z.strictObject({ name: z.string().nullable(), ward: z.string() }) }),
    register: operation({ request: z.strictObject({ patient, name: z.string(), ward: z.string() }), reply: z.null() }),
    move: operation({ request: z.strictObject({ patient, ward: z.string() }), reply: z.null(), errors: { UNKNOWN: { status: 404 } } }),
  },
  id: (request) => request.patient,
});

type Patient = { readonly name: string | null; readonly ward: string };
const initial: Patient = { name: null, ward: "" };

/** How they behave. */
export const patientDecider = decider(patients, {
  initial,
  evolve: {
    registered: (_, { name, ward }) => ({ name, ward }),
    visited: (state) => state,
    moved: (state, { ward }) => ({ ...state, ward }),
  },
  decide: {
    look: (_, state) => ({ events: [], reply: state }),
    register: ({ name, ward }) => ({ events: [{ type: "registered", data: { name, ward } }], reply: null }),
    move({ ward }, state, { errors }) {
      if (state.ward === "") throw errors.UNKNOWN();
      return { events: [{ type: "moved", data: { ward } }], reply: null };
    },
  },
});
