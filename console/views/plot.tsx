import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { loadPlotLibrary } from "./plot-library.ts";

/** A line of a plot. `color` is a custom property of the page's style, such as `--accent`. */
type Series = { readonly label: string; readonly color: string; readonly values: readonly (number | undefined)[] };

type PlotProps = {
  readonly title: string;
  /** What it shows now, for those who do not see it. */
  readonly summary: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
};

const HEIGHT = 150;

/** Lines over time. */
export const Plot = ({ title, summary, times, series }: PlotProps) => {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [isBroken, setBroken] = useState(false);
  const data: uPlot.AlignedData = [[...times], ...series.map(({ values }) => values.map((value) => value ?? null))];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let isGone = false;
    const draw = async (): Promise<void> => {
      // Loaded only here, so that a browser that the library cannot run in loses the plots and nothing else.
      const UPlot = await loadPlotLibrary();
      if (isGone) return;
      plot.current?.destroy();
      plot.current = new UPlot(optionsOf(element, series), latest.current, element);
    };
    const drawAgain = (): void => void draw().catch(() => setBroken(true));
    drawAgain();
    // A canvas does not follow the page's colours.
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", drawAgain);
    const resizing = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resizing.observe(element);
    return () => {
      isGone = true;
      scheme.removeEventListener("change", drawAgain);
      resizing.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [times]);

  return (
    <figure>
      <figcaption>
        <span>{title}</span>
        <span class="summary">{summary}</span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}: ${summary}`} />
      {isBroken && <p class="hint">This browser cannot draw it.</p>}
      <p class="legend" aria-hidden="true">
        {series.map(({ label, color }) => (
          <span key={label} class={`swatch ${color.slice(2)}`}>
            {label}
          </span>
        ))}
      </p>
    </figure>
  );
};

const optionsOf = (element: HTMLElement, series: readonly Series[]): uPlot.Options => {
  const style = getComputedStyle(element);
  const color = (name: string): string => resolveColor(element, name);
  const axis: uPlot.Axis = {
    stroke: color("--soft"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, space: 60, size: 24, values: (plot, splits) => splits.map((at) => `${at - (plot.data[0].at(-1) ?? at)} s`) },
      { ...axis, space: 30, size: 44 },
    ],
    series: [{}, ...series.map(({ color: name }) => ({ stroke: color(name), width: 1.5, points: { show: true, size: 3 } }))],
  };
};

/** A colour as a canvas takes it: `light-dark()` is for elements only. */
const resolveColor = (element: HTMLElement, name: string): string => {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
};
