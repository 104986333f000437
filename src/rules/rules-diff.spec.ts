import { expect, test } from '@jest/globals';
import { diffRules } from './rules-diff.js';
import type { SourceFile } from './rules-folder.js';

const rule = (name: string, more: object = {}) => ({ name, conditions: { all: [] }, actions: [], ...more });

function files(contents: Readonly<Record<string, unknown>>): SourceFile[] {
  return Object.entries(contents).map(([path, content]) => ({
    file: path,
    path,
    kind: path.startsWith('lists/') ? 'list' : 'rules',
    bytes: Buffer.from(JSON.stringify(content)),
  }));
}

test('equal rules are no difference, in whatever files they stand and however they are written', () => {
  expect(
    diffRules(
      files({ 'a.json': { rules: [rule('a'), rule('b')] } }),
      files({ 'a.json': { rules: [rule('a')] }, 'b.json': { rules: [rule('b')] } }),
    ),
  ).toEqual([]);
});

test('what was added, removed and changed is told by name', () => {
  const before = files({
    'a.json': { conditions: { old: { all: [] } }, rules: [rule('a'), rule('gone')] },
    'lists/tiers.json': ['gold'],
  });
  const after = files({
    'a.json': { conditions: { fresh: { all: [] } }, rules: [rule('a', { priority: 5, stop: true }), rule('new')] },
    'lists/tiers.json': ['silver'],
  });
  expect(diffRules(before, after)).toEqual([
    { what: 'rule', name: 'a', change: 'changed', keys: ['priority', 'stop'] },
    { what: 'rule', name: 'gone', change: 'removed', keys: [] },
    { what: 'rule', name: 'new', change: 'added', keys: [] },
    { what: 'condition', name: 'old', change: 'removed', keys: [] },
    { what: 'condition', name: 'fresh', change: 'added', keys: [] },
    { what: 'list', name: 'lists/tiers.json', change: 'changed', keys: [] },
  ]);
});

test('another order of the same rules is told', () => {
  const before = files({ 'a.json': { rules: [rule('a'), rule('b')] } });
  expect(diffRules(before, files({ 'a.json': { rules: [rule('b'), rule('a')] } }))).toEqual([
    { what: 'order', name: 'b', change: 'changed', keys: [] },
  ]);
});
