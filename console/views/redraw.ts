import { useEffect, useMemo, useState } from "preact/hooks";

/** Often enough to look alive. Drawing takes time that many requests at once need for themselves. */
const REST_MS = 100;

/** A function that draws a component again with the next frame, at most ten times a second; so never while the page is hidden. */
export const useRedraw = (): (() => void) => {
  const [, draw] = useState(0);
  const { redraw, stop } = useMemo(() => {
    let frame: number | undefined;
    let timer: number | undefined;
    let drawnAt = -Infinity;
    const ask = (): void => {
      timer = undefined;
      frame = requestAnimationFrame(() => {
        frame = undefined;
        drawnAt = performance.now();
        draw((count) => count + 1);
      });
    };
    return {
      redraw(): void {
        if (frame !== undefined || timer !== undefined) return;
        const restMs = drawnAt + REST_MS - performance.now();
        if (restMs <= 0) ask();
        else timer = window.setTimeout(ask, restMs);
      },
      stop(): void {
        clearTimeout(timer);
        if (frame !== undefined) cancelAnimationFrame(frame);
      },
    };
  }, []);
  useEffect(() => stop, []);
  return redraw;
};

/** Draws a component again each second. */
export const useSeconds = (): void => {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
};
