import { describe, expect, test } from "vitest";
import { createHeard, createPresence, type Handled, type Heard } from "../../../worker/link/presence.ts";
import { host } from "../hosts/cloudflare/test-host.ts";
import { deliver } from "../support/replies.ts";

const FOREVER = Number.POSITIVE_INFINITY;

/** A shard whose links and clock the test drives. It began at 0. */
const createTestPresence = (heard: Pick<Heard, "read"> = { read: () => [] }) => {
  const links: Handled[] = [];
  const state = { now: 0 };
  const presence = createPresence({ links: () => links, heard, now: () => state.now });
  return {
    state,
    presence,
    link(operations: readonly string[], until = FOREVER) {
      const link = { operations, until };
      links.push(link);
      presence.came(link);
      return {
        lose() {
          links.splice(links.indexOf(link), 1);
          presence.lost(operations);
        },
      };
    },
    links,
  };
};

describe("a consumer of an operation", () => {
  test("is missing once none was linked for five seconds since the mailbox began", () => {
    const { presence, state } = createTestPresence();
    state.now = 4_999;
    expect(presence.isMissing("sum")).toBe(false);
    state.now = 5_000;
    expect(presence.isMissing("sum")).toBe(true);
  });

  test("is there while its link is open, and for five seconds after the last one was lost", () => {
    const { presence, state, link } = createTestPresence();
    const [first, second] = [link(["sum"]), link(["sum", "report"])];
    state.now = 1_000_000;
    first.lose();
    expect([presence.isMissing("sum"), presence.isMissing("echo")]).toEqual([false, true]);
    second.lose();
    state.now += 4_999;
    expect([presence.isMissing("sum"), presence.isMissing("report")]).toEqual([false, false]);
    state.now += 1;
    expect([presence.isMissing("sum"), presence.isMissing("report")]).toEqual([true, true]);
    link(["sum"]);
    expect([presence.isMissing("sum"), presence.isMissing("report")]).toEqual([false, true]);
  });

  test("is there for those five seconds even if memory was lost before its link was", () => {
    const { presence, state } = createTestPresence();
    state.now = 60_000;
    presence.lost(["sum"]);
    expect([presence.isMissing("sum"), presence.isMissing("echo")]).toEqual([false, true]);
    state.now += 5_000;
    expect(presence.isMissing("sum")).toBe(true);
  });

  test("is looked for among all links once a second at most while it is missing", () => {
    let looks = 0;
    const state = { now: 10_000 };
    const links = () => {
      looks++;
      return [];
    };
    const presence = createPresence({ links, heard: { read: () => [] }, now: () => state.now, since: 0 });
    for (; state.now < 12_000; state.now += 100) expect(presence.isMissing("sum")).toBe(true);
    expect(looks).toBe(2);
    state.now = 0;
    presence.isMissing("sum");
    presence.came({ operations: ["sum"], until: FOREVER });
    expect(presence.isMissing("sum")).toBe(false);
  });

  test("is there if its link was open before memory was lost", () => {
    const { presence, state, links } = createTestPresence();
    links.push({ operations: ["sum"], until: FOREVER });
    state.now = 60_000;
    expect(presence.isMissing("sum")).toBe(false);
  });

  test("is missing once its link has not pinged for too long, and there as soon as it has", () => {
    const { presence, state, link, links } = createTestPresence();
    link(["sum"], 120_000);
    state.now = 119_999;
    expect(presence.isMissing("sum")).toBe(false);
    state.now = 120_000;
    expect(presence.isMissing("sum")).toBe(true);
    links[0] = { operations: ["sum"], until: 210_000 };
    state.now = 121_000;
    expect(presence.isMissing("sum")).toBe(false);
  });

  test("that cannot open links is there for 90 seconds after it was heard, also when memory was lost", async () => {
    await host.inStorage(({ sql }) => {
      const heard = createHeard(sql);
      const { presence, state } = createTestPresence(heard);
      state.now = 10_000;
      expect(presence.isMissing("sum")).toBe(true);
      presence.came(heard.write(["sum", "echo"], state.now));
      expect([presence.isMissing("sum"), presence.isMissing("echo"), presence.isMissing("report")]).toEqual([false, false, true]);

      const again = createTestPresence(createHeard(sql));
      again.state.now = 99_999;
      expect(again.presence.isMissing("sum")).toBe(false);
      again.state.now = 100_000;
      expect(again.presence.isMissing("sum")).toBe(true);
    });
  });

  test("that was heard again is there for longer, and what was not is forgotten", async () => {
    await host.inStorage(({ sql }) => {
      const heard = createHeard(sql);
      heard.write(["sum"], 0);
      heard.write(["echo"], 0);
      heard.write(["sum"], 60_000);
      expect(heard.read(90_000)).toEqual([{ operations: ["sum"], until: 150_000 }]);
      heard.write(["report"], 100_000);
      expect(sql.exec("SELECT operations FROM heard").toArray()).toEqual([{ operations: "report" }, { operations: "sum" }]);
    });
  });
});

test("an empty batch that says what its consumer handles is taken, whatever else it says", async () => {
  const response = await deliver([], { operations: "sum, no-such-operation" });
  expect([response.status, await response.json()]).toEqual([200, { results: [] }]);
  expect((await deliver([])).status).toBe(200);
});
