import { expect, test } from "vitest";
import { drawBarChart } from "../../bench/bar-chart.ts";

const bar = (label: string, median: number, isOwn = false) => ({
  label,
  value: { median, min: median * 0.5, max: median * 1.5 },
  isOwn,
});

const draw = () =>
  drawBarChart({
    title: "Cats & dogs",
    caption: ["a < b", "and where"],
    groups: [
      { title: "small", bars: [bar("one", 10, true), bar("two", 5)] },
      { title: "large", bars: [bar("one", 2_000, true)] },
    ],
  });

const widths = (svg: string): number[] => [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));

test("each bar is as long as its median, on the scale of its group", () => {
  const [one = 0, two = 0, large = 0] = widths(draw());
  expect(two * 2).toBeCloseTo(one, 0);
  expect(large).toBeCloseTo(one, 0);
});

test("on each bar there is a line from its least to its most", () => {
  const svg = draw();
  const [, from, to] = /<path class="spread" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(svg) ?? [];
  const [width = 0] = widths(svg);
  const left = Number(/<rect class="own" x="(\d+)"/.exec(svg)?.[1]);
  expect(Number(from)).toBeCloseTo(left + width * 0.5, 0);
  expect(Number(to)).toBeCloseTo(left + width * 1.5, 0);
});

test("numbers can be read without measuring, and words are words", () => {
  const svg = draw();
  expect(svg).toContain(">2,000</text>");
  expect(svg).toContain("<title>Cats &amp; dogs</title>");
  expect([...svg.matchAll(/class="caption"[^>]*>([^<]*)</g)].map(([, line]) => line)).toEqual(["a &lt; b", "and where"]);
});

test("it stands for itself, on light pages and on dark ones", () => {
  const svg = draw();
  expect(svg).toContain("@media (prefers-color-scheme: dark)");
  expect(svg).not.toMatch(/<script|@import|href=|url\(/);
});
