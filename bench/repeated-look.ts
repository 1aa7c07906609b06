/** Something that is looked at again and again. */
export type RepeatedLook = {
  /** @throws Error the first that a look ended with */
  check(): void;
  end(): void;
};

export const lookEvery = (everyMs: number, look: () => Promise<void>): RepeatedLook => {
  let failure: Error | undefined;
  const timer = setInterval(() => void look().catch((error: Error) => (failure ??= error)), everyMs);
  return {
    check() {
      if (failure !== undefined) throw failure;
    },
    end: () => clearInterval(timer),
  };
};
