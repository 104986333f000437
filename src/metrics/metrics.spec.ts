import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Metrics } from './metrics.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const declared = (await new Metrics().registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('enricher_'));
/** prom-client keeps the label names, and tells no type of them. */
const labelsOf = (name: string): string[] =>
  (new Metrics().registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames;

test('docs/operations.md has a row for every metric, with its type and labels, and no other', () => {
  const rows = [...page.matchAll(/^\| `(enricher_\w+)` +\| (\w+) +\| ([^|]*?) +\|/gm)];
  const told = rows.map(([, name, type, labels]) => [name, { type, labels }] as const);
  const wanted = declared.map(({ name, type }) => {
    const labels = labelsOf(name).map((label) => `\`${label}\``);
    return [name, { type, labels: labels.join(', ') || '–' }] as const;
  });
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(wanted));
});

test('the alert rules of docs/operations.md ask for metrics that there are', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const names = new Set(declared.map(({ name }) => name));
  const asked = [...example.matchAll(/enricher_\w+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''));
  expect(asked.length).toBeGreaterThan(3);
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
});

test.each(declared.map(({ name, type, help }) => [name, String(type), help] as const))(
  '%s, a %s, has a name by the conventions',
  (name, type, help) => {
    expect(name).toMatch(/^enricher_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    if (name.includes('timestamp')) expect(name).toMatch(/_timestamp_seconds$/);
    expect(help).toMatch(/^[\dA-Z].*[^.]$/);
  },
);

test('tells of the process, too', async () => {
  const text = await new Metrics().registry.metrics();
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
});
