import { expect, test } from "vitest";
import { HOSTS } from "../../helpers/stack.ts";
import { expectCancelled } from "./cancelled.ts";
import { startStage } from "./stage.ts";

test.each(HOSTS)(
  "500 requests that are cancelled at every moment of their lives, with the Worker in %s, end as their handlers do",
  { retry: 0 },
  async (host) => {
    const stage = await startStage({ host });
    await expectCancelled(stage, host === "node" ? "worker" : "workerd");
    expect(stage.stack.pid("consumer")).toBeDefined();
  },
);
