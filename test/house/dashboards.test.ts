import { beforeAll, expect, test } from "vitest";
import { readText } from "./fixtures.ts";
import { pairsOf, readRunningMetrics, type Sample } from "./running-metrics.ts";

type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[] };

const dashboard = JSON.parse(readText("dashboards/rejoinder.json")) as { readonly panels: readonly Panel[] };
const alerts = readText("dashboards/alerts.yml");

/** What is asked of Prometheus, by where it is asked. */
const EXPRESSIONS: readonly (readonly [where: string, expression: string])[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...[...alerts.matchAll(/- alert: (\w+)\n\s+expr: (.+)/g)].map(([, name = "", expr = ""]) => [name, expr] as const),
];

/** Labels that Prometheus adds. */
const OF_PROMETHEUS = ["instance", "job"];
const METRIC = /\b((?:rejoinder|process|nodejs)_\w+)(?:\{([^}]*)\})?/g;

let metrics: Awaited<ReturnType<typeof readRunningMetrics>>;
beforeAll(async () => {
  metrics = await readRunningMetrics();
});

const samplesOf = (name: string): readonly Sample[] => metrics.samples.filter((sample) => sample.name === name);
const labelsOf = (names: readonly string[]): ReadonlySet<string> =>
  new Set([...OF_PROMETHEUS, ...names.flatMap((name) => samplesOf(name).flatMap(({ labels }) => Object.keys(labels)))]);

const namesIn = (text: string): readonly string[] => [...text.matchAll(METRIC)].map(([, name = ""]) => name);

test("every metric of a panel and of an alert is one that a process has", () => {
  const unknown = EXPRESSIONS.flatMap(([where, text]) =>
    namesIn(text)
      .filter((name) => !metrics.names.has(name) || samplesOf(name).length === 0)
      .map((name) => `${where}: ${name}`),
  );
  expect(unknown).toEqual([]);
  for (const [where, text] of EXPRESSIONS) expect(namesIn(text), where).not.toEqual([]);
});

test("every label that they select or group by is one of its metric, and every outcome one that is counted", () => {
  const wrong = EXPRESSIONS.flatMap(([where, text]) => {
    const ofSelectors = [...text.matchAll(METRIC)].flatMap(([, name = "", selector = ""]) =>
      pairsOf(selector).flatMap(({ label, value }) => {
        if (!labelsOf([name]).has(label)) return [`${name} has no ${label}`];
        const counted = new Set(samplesOf(name).map(({ labels }) => labels[label]));
        const isClosed = label === "outcome" || label === "state";
        return isClosed ? value.split("|").flatMap((one) => (counted.has(one) ? [] : [`${name} has no ${label} ${one}`])) : [];
      }),
    );
    const grouped = [...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(",").map((label) => label.trim()));
    const known = labelsOf(namesIn(text));
    return [...ofSelectors, ...grouped.filter((label) => !known.has(label)).map((label) => `nothing has ${label}`)].map(
      (problem) => `${where}: ${problem}`,
    );
  });
  expect(wrong).toEqual([]);
});

test("every label of a legend or of a text is left by its expression", () => {
  const inLegends = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)] as const),
  );
  const inTexts = alerts
    .split("- alert: ")
    .slice(1)
    .map((rule) => [rule.split("\n")[0] ?? "", /expr: (.+)/.exec(rule)?.[1] ?? "", labelsIn(rule)] as const);
  const missing = [...inLegends, ...inTexts].flatMap(([where, expression, labels]) => {
    const list = /\bby \(([^)]*)\)/.exec(expression)?.[1];
    const left = list === undefined ? labelsOf(namesIn(expression)) : new Set(list.split(",").map((label) => label.trim()));
    return labels.filter((label) => !left.has(label ?? "")).map((label) => `${where}: ${label}`);
  });
  expect(missing).toEqual([]);
});

const labelsIn = (rule: string): readonly (string | undefined)[] => [...rule.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);

test("every metric of this project is in a panel, but for those of the process itself", () => {
  const shown = new Set(dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr))).map(familyOf));
  const own = [...metrics.names].filter((name) => name.startsWith("rejoinder_")).map(familyOf);
  expect([...new Set(own)].filter((name) => !shown.has(name))).toEqual([]);
});

const familyOf = (name: string): string => name.replace(/_(bucket|count|sum)$/, "");
