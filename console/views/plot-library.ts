import type uPlot from "uplot";

/**
 * Loads uPlot, which formats numbers in `navigator.language` from the moment it is loaded. Chromium in the locale C.UTF-8 calls its language
 * `en-US@posix`, which is not a language tag, so uPlot would throw: it is told `en` instead.
 */
export const loadPlotLibrary = async (): Promise<typeof uPlot> => {
  if (isLanguageTag(navigator.language)) return (await import("uplot")).default;
  Object.defineProperty(navigator, "language", { value: "en", configurable: true });
  try {
    return (await import("uplot")).default;
  } finally {
    Reflect.deleteProperty(navigator, "language");
  }
};

const isLanguageTag = (text: string): boolean => {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
};
