import fc from "fast-check";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createAggregateRuntime } from "../../../consumer/deciders/aggregate-runtime.ts";
import { createEventCodec, EventError } from "../../../consumer/deciders/event-reader.ts";
import { given } from "../../../consumer/deciders/given.ts";
import { createPersonalData } from "../../../consumer/personal/personal-data.ts";
import { openSubjectFile } from "../../../consumer/personal/subject-file.ts";
import { KeysUnavailableError, type SubjectKeys } from "../../../consumer/personal/subject-keys.ts";
import { type AnyAggregate, type EventData, type EventDefinitions } from "../../../contract/aggregate.ts";
import { DefinitionError } from "../../../contract/definition-error.ts";
import { personal, PERSONAL_KEYWORD } from "../../../contract/personal.ts";
import type { CloudEvent } from "../../../protocol/cloudevent.ts";
import { decodeCommit, encodeCommit } from "../../../protocol/commit-record.ts";
import { makeFolder } from "./folder.ts";
import { patientDecider, patients } from "./patients.ts";

const openKeys = () => {
  const keys = openSubjectFile({ folder: makeFolder() });
  onTestFinished(() => keys.close());
  return keys;
};

const eventOf = (parts: object): CloudEvent =>
  JSON.parse(JSON.stringify({ specversion: "1.0", id: "c/0", source: "test", subject: "p1", ...parts })) as CloudEvent;

const open = (keys: Pick<SubjectKeys, "keyFor" | "find"> = openKeys()) => ({
  keys,
  codec: createEventCodec("patient", patients, createPersonalData(keys)),
});

/** Long enough that base64 does not have it by chance, and none of it is a name or a subject. */
const secret = fc.string({ minLength: 6, maxLength: 40, unit: "binary" }).map((text) => `\u00a7${text.toWellFormed()}`);

describe("personal data", () => {
  test("is nowhere in what is stored, reads the same with its keys, and as null without", () => {
    const keys = openKeys();
    let subjects = 0;
    fc.assert(
      fc.property(fc.record({ name: secret, phone: secret, notes: fc.array(secret, { maxLength: 3 }) }), ({ name, phone, notes }) => {
        const [patient, visitor] = [`patient-${subjects}`, `visitor-${subjects++}`];
        const { codec } = open(keys);
        const data = { visitor, contact: { name, phone }, notes: notes.map((text) => ({ text, by: "nurse" })) };
        const event = eventOf(codec.write("visited", data, patient));
        const stored = JSON.stringify(event);
        for (const text of [name, phone, ...notes]) expect(stored).not.toContain(JSON.stringify(text).slice(1, -1));
        expect(codec.read(event)).toEqual({ name: "visited", data });
        keys.forget(visitor);
        expect(codec.read(event).data).toEqual({ ...data, contact: null });
        keys.forget(patient);
        expect(codec.read(event).data).toEqual({ ...data, contact: null, notes: notes.map(() => ({ text: null, by: "nurse" })) });
      }),
      { numRuns: 60 },
    );
  });

  test("whose keys cannot be read now is not taken for data that cannot be read for good", () => {
    const away = new KeysUnavailableError("the disk is away");
    const { codec, keys } = open();
    const event = eventOf(codec.write("registered", { name: "Ada", ward: "3" }, "p1"));
    const { codec: later } = open({
      keyFor: keys.keyFor,
      find() {
        throw away;
      },
    });
    expect(() => later.read(event)).toThrow(away);
    expect(() => later.read(event)).not.toThrow(EventError);
  });

  test("that was changed in any byte is an EventError, and never other data", () => {
    const { codec } = open();
    const event = eventOf(codec.write("registered", { name: "Ada Lovelace", ward: "3" }, "p1"));
    const { name } = event.data as { name: { sealed: string; subject: string; key: string } };
    const bytes = Buffer.from(name.sealed, "base64url");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        const data = { ...(event.data as object), name: { ...name, sealed: changed.toString("base64url") } };
        expect(() => codec.read({ ...event, data })).toThrow(EventError);
      }),
    );
  });

  test.each<[string, (name: { sealed: string }) => unknown, object?]>([
    ["cut", ({ sealed, ...rest }) => ({ ...rest, sealed: sealed.slice(0, 20) })],
    ["given to another subject", (name) => ({ ...name, subject: "p2" })],
    ["replaced by plain text", () => "Ada Lovelace"],
    ["replaced by a number", () => 7],
    ["left sealed by who took the list of fields away", (name) => name, { personal: undefined }],
    ["listed by what is no pointer", (name) => name, { personal: "%" }],
  ])("that was %s is an EventError", (_, change, rest = {}) => {
    const { codec, keys } = open();
    keys.keyFor("p2");
    const event = eventOf(codec.write("registered", { name: "Ada Lovelace", ward: "3" }, "p1"));
    const data = { ...(event.data as object), name: change((event.data as { name: { sealed: string } }).name) };
    expect(() => codec.read({ ...event, data, ...rest })).toThrow(EventError);
  });

  test("that was moved to another field, or another event, is an EventError", () => {
    const { codec } = open();
    const event = eventOf(codec.write("registered", { name: "1815-12-10", born: "1815-12-10", ward: "3" }, "p1"));
    const { name, born, ...rest } = event.data as { name: unknown; born: unknown };
    expect(codec.read(event).data).toMatchObject({ name: "1815-12-10", born: "1815-12-10" });
    expect(() => codec.read({ ...event, data: { ...rest, name: born, born: name } })).toThrow(/changed or moved/);
  });

  test("whose key is in no file here stops the reader, and is not taken for forgotten", () => {
    const event = eventOf(open().codec.write("registered", { name: "Ada", ward: "3" }, "p1"));
    expect(() => open().codec.read(event)).toThrow(/key of subject "p1" is not in/);
    expect(() => createEventCodec("patient", patients).read(event)).toThrow(/Expected keys/);
  });

  test("cannot be written without keys, or if nobody says whom it is about", () => {
    expect(() => createEventCodec("patient", patients).write("registered", { name: "Ada", ward: "3" }, "p1")).toThrow(/Expected keys/);
    expect(() => open().codec.write("registered", { name: "Ada", ward: "3" })).toThrow(/whom \/name/);
    const visit = { visitor: "", contact: { name: "Eve", phone: "1" } };
    expect(() => open().codec.write("visited", visit, "p1")).toThrow(/visitor to say whom/);
  });

  test("is checked by its schema before it is encrypted, and null stays null", () => {
    const { codec } = open();
    expect(() => codec.write("registered", { name: 7, ward: "3" }, "p1")).toThrow(TypeError);
    const event = codec.write("registered", { name: null, ward: "3" }, "p1");
    expect(event).toEqual({ type: "patient.registered", dataschema: event.dataschema, data: { name: null, ward: "3" } });
  });

  test("is decrypted before upcast sees it, also where the new schema has none", () => {
    const { codec, keys } = open();
    const event = eventOf(codec.write("registered", { name: "Ada Lovelace", ward: "3" }, "p1"));
    const registered = {
      schema: z.strictObject({ initial: z.string().nullable() }),
      upcast: (data: unknown) => ({ initial: (data as { name: string | null }).name?.[0] ?? null }),
    };
    const later: AnyAggregate = { ...patients, events: { registered } };
    const read = () => createEventCodec("patient", later, createPersonalData(keys)).read(event).data;
    expect(read()).toEqual({ initial: "A" });
    (keys as ReturnType<typeof openKeys>).forget("p1");
    expect(read()).toEqual({ initial: null });
  });

  test("has the type of its schema, or null", () => {
    expectTypeOf<EventData<typeof patients, "registered">["name"]>().toEqualTypeOf<string | null>();
    expectTypeOf<EventData<typeof patients, "visited">["contact"]>().toEqualTypeOf<{ name: string; phone: string } | null>();
  });
});

describe("an aggregate with personal data", () => {
  test("has none of it in the record of a commit, and the state with it until its subject is forgotten", () => {
    const keys = openKeys();
    const runtime = createAggregateRuntime("patient", patientDecider, { personal: createPersonalData(keys) });
    const request = { patient: "p1", name: "Ada Lovelace", ward: "3" };
    const decided = runtime.decide(runtime.initial("p1"), { command: "one", name: "register", request, at: new Date(0) });
    if (decided.kind === "repeat") throw new Error("Expected a decision.");
    expect(decided.next.state).toEqual({ name: "Ada Lovelace", ward: "3" });
    const record = encodeCommit(decided.commit);
    expect(JSON.stringify(record)).not.toContain("Lovelace");
    const folded = () => runtime.fold(runtime.initial("p1"), decodeCommit(record))?.state;
    expect(folded()).toEqual({ name: "Ada Lovelace", ward: "3" });
    keys.forget("p1");
    expect(folded()).toEqual({ name: null, ward: "3" });
  });

  test("is tested by given as any other, without keys", () => {
    given(patientDecider)
      .when({ type: "register", data: { patient: "p1", name: "Ada", ward: "3" } })
      .then({ type: "registered", data: { name: "Ada", ward: "3" } });
    given(patientDecider, { type: "registered", data: { name: null, ward: "3" } })
      .when({ type: "move", data: { patient: "p1", ward: "4" } })
      .thenState({ name: null, ward: "4" });
  });
});

describe("personal fields are refused", () => {
  const define = (schema: z.ZodType) => () =>
    createEventCodec("one", { ...patients, events: { happened: schema } as EventDefinitions } as typeof patients);
  const node: z.ZodType = z.object({
    name: personal(z.string()),
    get children() {
      return z.array(node);
    },
  });

  test.each<[string, z.ZodType, RegExp]>([
    ["as a whole event", personal(z.string()), /a member of the event/],
    ["in a schema that contains itself", node, /does not contain itself/],
    ["among the members that have no name", z.object({ a: z.string() }).catchall(personal(z.string())), /every element/],
    ["in each other", z.object({ a: personal(z.object({ b: personal(z.string()) })) }), /every element/],
    ["about whom the event does not say", z.object({ a: personal(z.string(), "who") }), /who is not/],
    ["about who is no text", z.object({ a: personal(z.string(), "who"), who: z.int() }), /who is not/],
    ["about who is personal", z.object({ a: personal(z.string(), "who"), who: personal(z.string()) }), /who is/],
    ["that cannot be null", z.object({ a: z.string().meta({ [PERSONAL_KEYWORD]: true }) }), /able to be null/],
  ])("%s", (_, schema, message) => {
    expect(define(schema)).toThrow(DefinitionError);
    expect(define(schema)).toThrow(message);
  });

  test.each<[string, z.ZodType]>([
    ["of another object", z.object({ a: personal(z.object({ b: z.string() })) })],
    ["of a union", z.object({ a: personal(z.union([z.string(), z.object({ b: z.int() })])) })],
    ["of one of several kinds", z.object({ a: z.union([z.object({ b: personal(z.string()) }), z.string()]) })],
    ["of a record", z.object({ a: z.record(z.string(), personal(z.string())) })],
    ["of a tuple", z.object({ a: z.tuple([z.string(), personal(z.string())]) })],
    ["of anything", z.object({ a: personal(z.unknown() as unknown as z.ZodString) })],
    ["of a shared schema", z.object({ a: z.object({ b: personal(z.string()) }).meta({ id: "Shared" }) })],
  ])("not where they are %s", (_, schema) => {
    expect(define(schema)).not.toThrow();
  });

  test("of a library that has no nullable", () => {
    expect(() => personal({ "~standard": z.string()["~standard"] } as never)).toThrow(DefinitionError);
  });
});
