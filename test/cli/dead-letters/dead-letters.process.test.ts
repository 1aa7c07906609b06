import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatusBody } from "../../../protocol/status.ts";
import { readReplyKey } from "../../../cli/reply-key.ts";
import { createRedrive } from "../../../cli/dead-letters/redrive-request.ts";
import { callGateway, newRequest } from "../../consumer/requests.ts";
import { useFailingProject } from "../../helpers/failing-project.ts";
import { HOSTS, type Stack, until } from "../../helpers/stack.ts";
import { callCommand, type Called } from "../run-command.ts";

describe.each(HOSTS)("dead letters of a project that runs on %s", (host) => {
  const project = useFailingProject();
  let stack: Stack;
  beforeAll(async () => {
    stack = await project.start({ host });
  }, 60_000);
  afterAll(() => stack?.remove());

  const call = (...args: readonly string[]): Promise<Called> =>
    callCommand(args, { variables: { REJOINDER_DIR: stack.dir }, cwd: project.directory });
  const linesOf = ({ stdout }: Called): readonly Record<string, unknown>[] =>
    stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const list = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
    linesOf(await call("dead-letters", "list", "--json", ...args));
  const statusOf = async (id: string): Promise<StatusBody> => (await (await fetch(`${stack.url}/status/${id}`)).json()) as StatusBody;

  /** Sends a request that ends as a dead letter, and tells its ID. */
  const fail = async (operation: string): Promise<string> => {
    project.breakHandlers();
    const { code, stdout } = await call("send", operation, '{"a":2,"b":3}', "--json");
    const { correlationId, error } = JSON.parse(stdout) as { correlationId: string; error: unknown };
    expect([code, error]).toEqual([1, expect.objectContaining({ code: "HANDLER_FAILED", deadLetter: "requests-dlt" })]);
    project.mendHandlers();
    return correlationId;
  };

  test("a request that failed is listed, shown, and redriven as the same request before its deadline", async () => {
    const id = await fail("sum");
    const [letter, ...others] = await list();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      operation: "sum",
      code: "HANDLER_FAILED",
      correlationId: id,
      origin: expect.stringMatching(/^requests\/\d\/\d+$/),
    });
    expect(await list("--until", "1h")).toEqual([]);

    const shown = await call("dead-letters", "show", id);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('payload\n{\n  "a": 2,\n  "b": 3\n}')]);
    expect((await call("dead-letters", "show", String(letter?.["letter"]))).stdout).toBe(shown.stdout);

    const redriven = await call("dead-letters", "redrive", id);
    expect(redriven).toMatchObject({ code: 0, stdout: expect.stringContaining(`redriven as ${id} (the same request)`) });
    const ended = await call("status", id, "--wait", "30");
    expect([ended.code, JSON.parse(ended.stdout)]).toEqual([0, { sum: 5 }]);
    expect(await list()).toEqual([]);
    expect(await list("--all")).toMatchObject([{ correlationId: id, settlement: { action: "redriven", correlationId: id } }]);
    expect(await call("dead-letters", "redrive", id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`There is no dead letter ${id} to be settled`),
    });
  });

  test("after its deadline it is redriven as a new request, which the old status names, and once only if the command is killed", async () => {
    const id = await fail("brief");
    const { deadline } = await statusOf(id);
    await until(() => Date.now() > Date.parse(deadline));
    // As a command that is killed before it could settle the letter.
    const redrive = createRedrive({ url: stack.url, key: readReplyKey(stack.secrets) });
    const sent = await redrive(newRequest({ correlationId: id, operation: "brief", data: { a: 2, b: 3 } }));
    const newId = sent.outcome === "redriven" ? sent.correlationId : "";
    expect([newId.length, newId === id]).toEqual([63, false]);
    const redriven = await call("dead-letters", "redrive", id);
    expect([redriven.code, redriven.stdout]).toEqual([
      0,
      expect.stringContaining(`was redriven before as ${newId} (a new one: its deadline had passed)`),
    ]);
    expect(await statusOf(id)).toMatchObject({ state: "failed", redrivenAs: newId });
    const ended = await call("status", newId, "--wait", "30");
    expect([ended.code, JSON.parse(ended.stdout)]).toEqual([0, { sum: 5 }]);
    expect(await list()).toEqual([]);
  });

  test("what cannot be read is told why it cannot be redriven, and is dropped", async () => {
    const gateway = { url: stack.gatewayUrl, username: "rejoinder", password: stack.secrets.gatewayPassword };
    await callGateway(gateway, "/produce", [
      { topic: "requests", value: "poison" },
      { topic: "requests", value: "more poison" },
    ]);
    await until(async () => (await list()).length === 2);
    const refused = await call("dead-letters", "redrive", "--code", "INVALID_RECORD");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Expected --yes to redrive 2 dead letters")]);
    const redriven = await call("dead-letters", "redrive", "--code", "INVALID_RECORD", "--yes");
    expect([redriven.code, redriven.stdout]).toEqual([1, expect.stringContaining("not redriven: It is no request that can be read")]);
    const dropped = await call("dead-letters", "drop", "--yes");
    expect([dropped.code, dropped.stderr]).toEqual([0, "2 dead letters dropped\n"]);
    expect(await list()).toEqual([]);
  });
});
