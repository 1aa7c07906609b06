import { useEffect, useState } from "preact/hooks";

/** Draws a component again after each change that `subscribe` tells of, once a frame at most; so never while the page is hidden. */
export const useChanges = (subscribe: (listener: () => void) => () => void): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    let frame: number | undefined;
    const stop = subscribe(() => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        draw((count) => count + 1);
      });
    });
    return () => {
      stop();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [subscribe]);
};

/** Draws a component again each second. */
export const useSeconds = (): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
};
