import type { Spread } from "./result.ts";

/** Groups of bars, one below the other, each with a scale of its own. The caption is lines below the bars. */
export type BarChart = { readonly title: string; readonly caption: readonly string[]; readonly groups: readonly BarGroup[] };

export type BarGroup = { readonly title: string; readonly bars: readonly Bar[] };

/** A bar as long as the median, and on it a line from the least to the most. */
export type Bar = { readonly label: string; readonly value: Spread; readonly isOwn: boolean };

const [WIDTH, LEFT, RIGHT, BAR, GAP, LINE, CAPTION_LINE] = [760, 150, 130, 18, 6, 22, 16] as const;

/** An SVG that needs no script, no font and no file beside it, with colours for light and for dark pages. */
export const drawBarChart = ({ title, caption, groups }: BarChart): string => {
  const parts = [text(0, 18, "title", title)];
  let y = 30;
  for (const group of groups) {
    parts.push(text(0, (y += LINE) - 6, "group", group.title));
    const longest = Math.max(...group.bars.map(({ value }) => value.max));
    for (const bar of group.bars) {
      parts.push(drawBar(bar, y, (WIDTH - LEFT - RIGHT) / longest));
      y += BAR + GAP;
    }
  }
  parts.push(...caption.map((line, index) => text(0, y + 14 + index * CAPTION_LINE, "caption", line)));
  const height = y + 14 + caption.length * CAPTION_LINE;
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const lines = [`<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`, `<title>${escapeText(title)}</title>`, STYLE, ...parts];
  return [...lines, "</svg>", ""].join("\n");
};

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 } .group { font-weight: 600 } .caption { font-size: 12px; fill: #57606a } .label { text-anchor: end }
.own { fill: #1a7f64 } .other { fill: #a5adb8 } .spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .caption { fill: #9198a1 } .own { fill: #2ea58a } .other { fill: #59616b } .spread { stroke: #e6edf3 }
}
</style>`;

const drawBar = ({ label, value, isOwn }: Bar, y: number, scale: number): string => {
  const at = (number: number): string => (LEFT + number * scale).toFixed(1);
  const middle = y + BAR / 2;
  return [
    text(LEFT - 8, middle + 4.5, "label", label),
    `<rect class="${isOwn ? "own" : "other"}" x="${LEFT}" y="${y}" width="${(value.median * scale).toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<path class="spread" d="M${at(value.min)} ${middle}H${at(value.max)}M${at(value.min)} ${middle - 4}v8M${at(value.max)} ${middle - 4}v8"/>`,
    text(LEFT + value.max * scale + 8, middle + 4.5, "value", Math.round(value.median).toLocaleString("en")),
  ].join("\n");
};

const text = (x: number, y: number, className: string, content: string): string =>
  `<text class="${className}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escapeText(content)}</text>`;

const escapeText = (content: string): string => content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
