import { expect, test } from "vitest";
import { readPeerVersions } from "../../../bench/peers/versions.ts";

test("the versions of what Maven brings are those that it is told to bring", () => {
  const { kafka, springBoot } = readPeerVersions();
  expect([kafka, springBoot]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});
