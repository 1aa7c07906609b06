/** Resolves at the end of this turn of the event loop, for all who have asked in it, together: what they write is written at once. */
export const createEndOfTurn = (): (() => Promise<void>) => {
  let turn: Promise<void> | undefined;
  return () =>
    (turn ??= new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined;
        resolve();
      });
    }));
};
