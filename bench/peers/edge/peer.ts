import { fileURLToPath } from "node:url";
import { createPart } from "../../../cli/part.ts";
import { forkProgram, inheritedVariables } from "../../forked-program.ts";
import type { Removable } from "../../lifetime.ts";

/** A Worker that reads a body and answers: the least that anything at the edge can cost. */
export type EdgePeer = Removable & { readonly url: string };

const STARTER = fileURLToPath(new URL("starter.ts", import.meta.url));
const GRACE_MS = 5_000;

export const startEdgePeer = async (): Promise<EdgePeer> => {
  const part = createPart({
    name: "edge peer",
    say: console.error,
    spawn: () => forkProgram(STARTER, [], inheritedVariables()),
  });
  const { url } = await part.start();
  return { url: String(url), remove: () => part.stop(GRACE_MS) };
};
