import { describe, expect, test } from "vitest";
import { MAX_JSON_DEPTH, MAX_RECORD_BYTES, RECORD_HEADROOM_BYTES } from "../../../protocol/limits.ts";
import { redrive } from "../support/redrives.ts";
import { createTraceparent, valueOf } from "../support/requests.ts";
import { call, createId, post } from "../support/worker.ts";

type Problem = { status: number; code: string; errors?: { path: string; message: string }[]; moreErrors?: number };

const send = (operation: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  call(`/requests/${operation}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

const problemOf = async (response: Response): Promise<Problem> => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = await response.json<Problem>();
  expect(problem.status).toBe(response.status);
  return problem;
};

const nested = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;

describe("what does not fit the schema is told in few words", () => {
  test("however many faults there are, with how many are left out", async () => {
    const response = await send("report", JSON.stringify({ account: "acme", lines: Array.from({ length: 4_000 }, () => ({})) }));
    expect(Number((await response.clone().text()).length)).toBeLessThan(16_384);
    const { errors, moreErrors } = await problemOf(response);
    expect(errors?.length).toBe(50);
    expect(moreErrors).toBe(16_000 - 50);
  });

  test("however many unknown members there are, and however long their names", async () => {
    const many = Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, 1]));
    for (const body of [many, { ["x".repeat(500_000)]: 1 }]) {
      const response = await post("sum", { a: 1, b: 2, ...body });
      expect((await response.clone().text()).length).toBeLessThan(2_048);
      expect((await problemOf(response)).errors?.[0]?.message).toMatch(/… \(\d+ more characters\)$/);
    }
  });

  test("however long the way to the fault is", async () => {
    const response = await send("echo", `{"${"x".repeat(500_000)}":{"__proto__":1}}`);
    expect((await response.clone().text()).length).toBeLessThan(2_048);
    expect(await problemOf(response)).toMatchObject({ status: 422, code: "INVALID_REQUEST" });
  });
});

describe("JSON that readers could not follow is refused", () => {
  test.each([MAX_JSON_DEPTH + 1, 2_200, 100_000, 250_000])("%i levels deep: 400", async (levels) => {
    for (const body of [nested(levels), `${'{"a":'.repeat(levels / 4)}${nested(levels)}${"}".repeat(levels / 4)}`])
      expect(await problemOf(await send("echo", body))).toMatchObject({ status: 400, code: "MALFORMED_JSON" });
  });

  test("up to the limit it is taken, and brackets within strings do not count", async () => {
    for (const body of [nested(MAX_JSON_DEPTH), JSON.stringify(['[{\\"'.repeat(1_000), "\\"])])
      expect((await send("echo", body)).status).toBe(202);
  });

  test.each([
    ["a member called __proto__", '{"a":[0,{"__proto__":{"b":1}}]}', "/a/1/__proto__"],
    ["the same in other letters", '{"\\u005f_pro\\u0074o__":1}', "/__proto__"],
  ])("with %s: 422, with the place", async (_, body, path) => {
    const { status, code, errors } = await problemOf(await send("echo", body));
    expect({ status, code, errors }).toEqual({
      status: 422,
      code: "INVALID_REQUEST",
      errors: [{ path, message: "Expected no member called __proto__." }],
    });
  });

  test("unless __proto__ is no more than a value", async () => {
    expect((await post("echo", { name: "__proto__" })).status).toBe(202);
  });
});

describe("what Kafka would refuse is refused before", () => {
  const line = { date: "2026-01-15", product: "bolt", quantity: 1, unitPrice: 1 };

  test("an ordering key with half a character: 422", async () => {
    const { status, code, errors } = await problemOf(await send("report", JSON.stringify({ account: "\ud800", lines: [line] })));
    expect({ status, code, paths: errors?.map(({ path }) => path) }).toEqual({ status: 422, code: "INVALID_REQUEST", paths: [""] });
  });

  test("a body that fits, but whose record does not: 413", async () => {
    for (const bytes of [MAX_RECORD_BYTES, MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES])
      expect(await problemOf(await send("echo", JSON.stringify("x".repeat(bytes - 2))))).toMatchObject({
        status: 413,
        code: "BODY_TOO_LARGE",
        maxBytes: MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES,
      });
  });

  test("a body that just fits is taken", async () => {
    expect((await send("echo", JSON.stringify("x".repeat(MAX_RECORD_BYTES - RECORD_HEADROOM_BYTES - 1_024)))).status).toBe(202);
  });
});

describe("the record has the JSON as it came", () => {
  test.each(['{ "a" : 1e20,\n"b":2.50 }', '{"a":1,"b":1E2}'])("%s", async (body) => {
    const traceparent = createTraceparent();
    expect((await send("sum", body, { traceparent })).status).toBe(202);
    expect(await valueOf(traceparent)).toBe(body);
  });

  test("so that numbers which grow when they are written again are no reason to refuse it", async () => {
    const body = `[${Array.from({ length: 150_000 }, () => "1e20").join(",")}]`;
    expect((await send("echo", body)).status).toBe(202);
  });
});

test("a request that is sent again is looked at in the same way", async () => {
  const { text: correlationId } = await createId();
  const again = async (operation: string, data: unknown) => problemOf(await redrive({ correlationId, operation, data }));
  expect(await again("echo", JSON.parse(nested(2_200)))).toMatchObject({ status: 400, code: "MALFORMED_JSON" });
  expect(await again("echo", JSON.parse('{"__proto__":1}'))).toMatchObject({ status: 422, errors: [{ path: "/__proto__" }] });
  expect(
    await again("report", { account: "\ud800", lines: [{ date: "2026-01-15", product: "a", quantity: 1, unitPrice: 1 }] }),
  ).toMatchObject({
    status: 422,
  });
  expect(
    await again(
      "echo",
      Array.from({ length: 150_000 }, () => 1e20),
    ),
  ).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
});
