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
