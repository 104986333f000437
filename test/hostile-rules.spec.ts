import { describe, expect, test } from '@jest/globals';
import { loadRules } from '../src/rules/load-rules.js';
import { decideCase } from './support/decide-case.js';
import { tempFolder } from './support/temp-folder.js';

const ACTIONS = [{ type: 'tag', value: { tags: ['A'] } }];
const ruleFile = (conditions: unknown, actions: unknown = ACTIONS) =>
  JSON.stringify({ rules: [{ name: 'r', conditions, actions }] });

async function faultsOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string[]> {
  const load = await loadRules(tempFolder(files), { customerFields: null });
  return load.ok ? [] : load.faults.map(({ message }) => message);
}

const leaf = (operator: string, value: unknown) => ({ all: [{ fact: 'message.bodyText', operator, value }] });

/** Conditions that each use the next one twice: as many paths as 2 to the power of their number. */
function doubling(count: number): Record<string, unknown> {
  const last = leaf('containsText', 'x');
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `c${index}`,
      index === count - 1 ? last : { all: [{ condition: `c${index + 1}` }, { condition: `c${index + 1}` }] },
    ]),
  );
}

describe('what is too much is refused when it is loaded:', () => {
  test.each<readonly [string, Readonly<Record<string, string | Uint8Array>>, RegExp]>([
    [
      'a tree of conditions ten thousand deep',
      { 'a.json': ruleFile('@').replace('"@"', `${'{"not":'.repeat(10_000)}{"all":[]}${'}'.repeat(10_000)}`) },
      /nested more than 200 levels deep/,
    ],
    [
      'a list of 100 MB',
      { 'a.json': ruleFile({ all: [] }), 'lists/big.csv': Buffer.alloc(100_000_000, 'domain.example\n') },
      /larger than 20 MB/,
    ],
    ['a rule file of 6 MB', { 'a.json': `${ruleFile({ all: [] })}${' '.repeat(6_000_000)}` }, /larger than 5 MB/],
    [
      'a template that renders ten megabytes',
      {
        'a.json': ruleFile({ all: [] }, [
          { type: 'tag', value: { tags: ['{% for i in (1..1000000) %}xxxxxxxxxx{% endfor %}'] } },
        ]),
      },
      /too much text/,
    ],
    [
      'a template that never ends',
      {
        'a.json': ruleFile({ all: [] }, [
          {
            type: 'tag',
            value: { tags: ['{% for i in (1..100000) %}{% for j in (1..100000) %}{% endfor %}{% endfor %}'] },
          },
        ]),
      },
      /too much text, or takes too long/,
    ],
    [
      'a template of a megabyte',
      {
        'a.json': ruleFile({ all: [] }, [
          { type: 'tag', value: { tags: [`{{ sender.name }}${'x'.repeat(1_000_000)}`] } },
        ]),
      },
      /a template of more than 100000 characters/,
    ],
    [
      'a pattern that multiplies itself',
      { 'a.json': ruleFile(leaf('matches', '(((a{100}){100}){100}){100}')) },
      /has a bad pattern: invalid repeat count/,
    ],
    [
      'a chain of a thousand named conditions',
      {
        'a.json': JSON.stringify({
          conditions: Object.fromEntries(
            Array.from({ length: 1000 }, (_, index) => [`c${index}`, { condition: `c${(index + 1) % 1000}` }]),
          ),
        }),
      },
      /more than 100 levels deep|refers to itself/,
    ],
  ])('%s', async (_what, files, message) => {
    expect((await faultsOf(files)).join('\n')).toMatch(message);
  });
});

describe('what an author may write stays harmless:', () => {
  test.each(['(a+)+$', '^(a+)+$', '(a|a)*b', '([a-z]+)*=', '(x+x+)+y', '(.*a){10}z'])(
    'the pattern %s on a megabyte of mail',
    async (pattern) => {
      const bodyText = `${'a'.repeat(1_000_000)}!`;
      const { verdicts } = await decideCase({
        rules: { rules: [{ name: 'r', conditions: leaf('matches', pattern), actions: ACTIONS }] },
        message: { bodyText },
      });
      expect(verdicts[0]?.verdict).toBe('not_matched');
    },
  );

  test('named conditions that double ninety times', async () => {
    const rules = {
      conditions: doubling(90),
      rules: [{ name: 'r', conditions: { condition: 'c0' }, actions: ACTIONS }],
    };
    const { decision } = await decideCase({ rules, message: { bodyText: 'x' } });
    expect(decision.acting).toHaveLength(1);
  });

  test('a membership test of a hundred thousand values', async () => {
    const value = Array.from({ length: 100_000 }, (_, index) => `v${index}`);
    const { decision } = await decideCase({
      rules: { rules: [{ name: 'r', conditions: leaf('in', value), actions: ACTIONS }] },
      message: { bodyText: 'v99999' },
    });
    expect(decision.acting).toHaveLength(1);
  });

  test.each(['{% include "/etc/passwd" %}', '{% render "/etc/passwd" %}', '{% layout "/etc/passwd" %}'])(
    'the template %s, which reads no file',
    async (template) => {
      expect(
        (await faultsOf({ 'a.json': ruleFile({ all: [] }, [{ type: 'tag', value: { tags: [template] } }]) })).join(),
      ).toMatch(/tag "\w+" not found/);
    },
  );

  test.each(['{{ customer.constructor.constructor }}', '{{ process.env }}', '{{ customer.__proto__.polluted }}'])(
    'the template %s, which reaches nothing',
    async (template) => {
      const load = await loadRules(
        tempFolder({ 'a.json': ruleFile({ all: [] }, [{ type: 'tag', value: { tags: [template] } }]) }),
        { customerFields: null },
      );
      if (!load.ok) return expect(load.faults[0]?.message).toMatch(/unknown fact "process/);
      const { composition } = await decideCase({
        rules: {
          rules: [{ name: 'r', conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: [template] } }] }],
        },
        customer: { a: 1 },
      });
      expect(composition.actions).toEqual([]);
    },
  );
});
