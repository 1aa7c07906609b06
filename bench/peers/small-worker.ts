import { stop as stopEsbuild } from "esbuild";
import { type SharedOptions, Miniflare, NoOpLog, type WorkerOptions } from "miniflare";
import { bundleForWorkerd, type WorkerdSource } from "../../cli/bundle.ts";
import { exitWhenTold } from "../exit-when-told.ts";

/** Starts a Worker of the bench's own in workerd, on any free port, until this process is told to end, or whoever forked it is gone. */
export const startSmallWorker = async (
  source: WorkerdSource,
  options: Partial<WorkerOptions & SharedOptions>,
): Promise<{ readonly miniflare: Miniflare; readonly url: string }> => {
  const script = await bundleForWorkerd(source);
  await stopEsbuild();
  const miniflare = new Miniflare({
    log: new NoOpLog(),
    host: "127.0.0.1",
    cf: false,
    compatibilityDate: "2026-08-06",
    modules: [{ type: "ESModule", path: "worker.js", contents: script }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    ...options,
  });
  await miniflare.ready;
  exitWhenTold(() => miniflare.dispose());
  return { miniflare, url: (await miniflare.unsafeGetDirectURL()).origin };
};
