import type { ViewsBody, ViewVersion } from "../../protocol/view-api.ts";

/** A view, and each version that the edge has below it. */
export const viewText = ({ view, aggregate, contractVersion, versions }: ViewsBody["views"][number]): string =>
  [
    `${view}  of ${aggregate}, version ${contractVersion} in the contract`,
    ...(versions.length === 0
      ? ["  no version yet: no consumer has sent anything"]
      : versions.map((version) => `  ${versionText(version)}`)),
  ].join("\n");

/** A version in one line, such as `version 2  served since 2026-01-01T00:00:00.000Z  4 of 4 partitions caught up`. */
export const versionText = ({ version, isServed, servedSince, isReady, partitions, progress }: ViewVersion): string => {
  const caughtUp = progress.filter(({ isCaughtUp }) => isCaughtUp).length;
  return [
    `version ${version}`,
    !isReady
      ? isServed
        ? "filling again"
        : "filling"
      : !isServed
        ? "ready"
        : servedSince === undefined
          ? "served"
          : `served since ${servedSince}`,
    partitions === 0
      ? "no consumer has sent anything"
      : `${caughtUp} of ${partitions} ${partitions === 1 ? "partition" : "partitions"} caught up`,
  ].join("  ");
};
