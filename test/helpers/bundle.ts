import { build } from "esbuild";
import { ROOT } from "../../tools/root.ts";

/** Bundles a module as small as it gets, for no platform: its text, and the files that it is made of. */
export const bundleAlone = async (
  entry: string,
  target: string,
): Promise<{ readonly text: string; readonly inputs: readonly string[] }> => {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target,
    platform: "neutral",
  });
  return { text: result.outputFiles[0]?.text ?? "", inputs: Object.keys(result.metafile.inputs) };
};
