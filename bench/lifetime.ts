/** Something that was started and leaves nothing behind once it is removed. */
export type Removable = { remove(): Promise<void> };

/** Starts something, runs with it, and removes it, however the run ends. */
export const duringLifetime = async <Resource extends Removable, Result>(
  starting: Promise<Resource>,
  run: (resource: Resource) => Promise<Result>,
): Promise<Result> => {
  const resource = await starting;
  try {
    return await run(resource);
  } finally {
    await resource.remove();
  }
};

/** Waits for all to end, and rejects only then if one of them does: what is being started could not be stopped. */
export const allToTheirEnd = async (starting: readonly Promise<unknown>[]): Promise<void> => {
  await Promise.allSettled(starting);
  await Promise.all(starting);
};

/** Waits for several things that are being started at once. Where one of them fails, removes the others, and rejects as the first that failed. */
export const startTogether = async <Started extends readonly Removable[] | []>(starting: {
  readonly [Index in keyof Started]: Promise<Started[Index]>;
}): Promise<Started> => {
  const settled = await Promise.allSettled(starting as readonly Promise<Removable>[]);
  const started = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (failed === undefined) return started as readonly Removable[] as Started;
  await removeAll(started);
  throw failed.reason;
};

/** {@link duringLifetime} of several things, which are started at once. */
export const duringLifetimes = <Started extends readonly Removable[] | [], Result>(
  starting: { readonly [Index in keyof Started]: Promise<Started[Index]> },
  run: (started: Started) => Promise<Result>,
): Promise<Result> =>
  duringLifetime(
    startTogether<Started>(starting).then((started) => ({ started, remove: () => removeAll(started) })),
    ({ started }) => run(started),
  );

/** Removes several things at once. */
export const removeAll = async (all: readonly Removable[]): Promise<void> => {
  await Promise.all(all.map((one) => one.remove()));
};
