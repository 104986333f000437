import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildFacts } from '../facts/build-facts.js';
import type { CustomerRecord, Facts } from '../facts/facts.js';
import { JsonDocument } from '../files/json-document.js';
import { parseDelivery } from '../webhook/parse-delivery.js';
import type { Mailbox } from '../mailboxes/mailbox-catalogue.js';
import { parseMailboxes } from '../mailboxes/read-mailboxes.js';
import { readAction } from './action-template.js';
import { composeActions } from './compose-actions.js';

interface Given {
  readonly customer?: CustomerRecord;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** What is known of the mailbox. Default: nothing. */
  readonly mailbox?: Readonly<Record<string, unknown>>;
}

function factsFor({ customer = {}, payload = {} }: Given): Facts {
  const from = { emailAddress: { name: 'Dana "D" <Reyes>', address: 'dana@northwind.example' } };
  const parsed = parseDelivery({
    id: 'm1',
    event: 'received',
    mailbox: 'claims@insurer.example',
    from,
    subject: 'Re: Water damage',
    ...payload,
  });
  if (!parsed.ok) throw new Error('not a delivery');
  const lookup = {
    state: 'found',
    matchedBy: 'email',
    source: 'crm',
    stale: false,
    ageSeconds: 0,
    incomplete: false,
  } as const;
  return buildFacts(parsed.delivery, { customer, lookup }, new Date('2026-11-24T09:00:00Z'), {});
}

function mailboxOf(entry: Readonly<Record<string, unknown>>): Mailbox {
  const text = JSON.stringify({ mailboxes: { 'claims@insurer.example': entry } });
  const read = parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(text)));
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.catalogue.find('claims@insurer.example')!;
}

/** Composes rules given as lists of actions; the rules are called r1, r2, … */
function compose(rules: readonly (readonly unknown[])[], given: Given = {}) {
  const acting = rules.map((actions, index) => ({
    name: `r${index + 1}`,
    actions: actions.map((action) => {
      const document = new JsonDocument('rules.json', Buffer.from(JSON.stringify(action)));
      const template = readAction({ document, known: { customerFields: null, listNames: [] } }, document.root!);
      if (template === undefined || document.faults.length > 0) throw new Error(JSON.stringify(document.faults));
      return template;
    }),
  }));
  return composeActions(acting, factsFor(given), given.mailbox === undefined ? null : mailboxOf(given.mailbox));
}

const fields = (value: Readonly<Record<string, unknown>>) => ({ type: 'setCustomFields', value });
const tag = (...tags: string[]) => ({ type: 'tag', value: { tags } });
const assign = (...users: string[]) => ({ type: 'assign', value: { mainAssignment: { users } } });

describe('custom fields', () => {
  test('a value that renders to nothing is left out, a literal "" blanks', () => {
    const given = { customer: { claim: '', policy: null, region: '  ' } };
    const wanted = fields({
      a: '{{ customer.claim }}',
      b: '{{ customer.policy }}',
      c: '{{ customer.region }}',
      d: '{{ customer.none.deeper }}',
      e: '',
      f: 'x',
    });
    expect(compose([[wanted]], given).actions).toEqual([fields({ e: '', f: 'x' })]);
  });

  test('numbers, booleans and lists become text, objects have none', () => {
    const given = { customer: { n: 1234.5, no: false, list: ['a', 7, null, 'b'], object: { x: 1 } } };
    const wanted = fields({
      n: '{{ customer.n }}',
      no: '{{ customer.no }}',
      list: '{{ customer.list }}',
      object: '{{ customer.object }}',
      mixed: 'o: {{ customer.object }}.',
      two: 2,
      yes: true,
    });
    expect(compose([[wanted]], given).actions).toEqual([
      fields({ n: '1234.5', no: 'false', list: 'a, 7, b', mixed: 'o: .', two: '2', yes: 'true' }),
    ]);
  });

  test('a value is cut at 100 code points, never inside a surrogate pair', () => {
    const value = `${'x'.repeat(99)}🚒🚒`;
    expect(
      compose([[fields({ a: '{{ customer.v }}', b: '🚒'.repeat(101) })]], { customer: { v: value } }).actions,
    ).toEqual([fields({ a: `${'x'.repeat(99)}🚒`, b: '🚒'.repeat(100) })]);
  });

  test('a key is set once, the first rule wins and the loser is listed', () => {
    const { actions, suppressed } = compose([
      [fields({ a: '1', b: '{{ customer.none }}' })],
      [fields({ a: '2', b: '2' })],
      [fields({ a: '3' })],
    ]);
    expect(actions).toEqual([fields({ a: '1' }), fields({ b: '2' })]);
    expect(suppressed).toEqual([
      { rule: 'r2', type: 'setCustomFields', part: 'a', isRendered: false, reason: 'set_before', wonBy: 'r1' },
      { rule: 'r3', type: 'setCustomFields', part: 'a', isRendered: false, reason: 'set_before', wonBy: 'r1' },
    ]);
  });

  test('keys such as __proto__ are keys like others', () => {
    const [action] = compose([
      [fields(JSON.parse('{ "__proto__": "x", "constructor": "y" }') as Record<string, unknown>)],
    ]).actions;
    expect(JSON.stringify(action)).toBe('{"type":"setCustomFields","value":{"__proto__":"x","constructor":"y"}}');
  });
});

describe('tags', () => {
  test('an expression giving a list is spread, doubles and empty ones are left out', () => {
    const given = { customer: { tags: ['VIP', 'Fleet', '', 'vip'] } };
    expect(
      compose([[tag('VIP', '{{ customer.tags }}', '{{ customer.none }}')], [tag('Fleet', 'Late')]], given).actions,
    ).toEqual([tag('VIP', 'Fleet', 'vip'), tag('Late')]);
  });

  test('an action with nothing left is dropped', () => {
    const { actions, suppressed } = compose([[tag('VIP')], [tag('VIP')], [tag('{{ customer.none }}')]]);
    expect(actions).toEqual([tag('VIP')]);
    expect(suppressed).toEqual([
      { rule: 'r2', type: 'tag', part: 'VIP', isRendered: false, reason: 'set_before', wonBy: 'r1' },
      { rule: 'r3', type: 'tag', part: null, isRendered: false, reason: 'empty', wonBy: null },
    ]);
  });
});

describe('assignments', () => {
  test('there is one, the first wins', () => {
    const { actions, suppressed } = compose([[assign('{{ customer.none }}')], [assign('A')], [assign('B')]]);
    expect(actions).toEqual([assign('A')]);
    expect(suppressed.map(({ rule, wonBy }) => [rule, wonBy])).toEqual([
      ['r1', null],
      ['r3', 'r2'],
    ]);
  });

  test('a backup takes the place of a main assignment whose users rendered to nothing', () => {
    const action = {
      type: 'assign',
      value: {
        mainAssignment: { users: ['{{ customer.owner }}'], ignoreAvailability: true },
        backupAssignments: [
          { users: ['Lee Park', 'lee park'] },
          { assignToAnyUser: true, assignIfUserAvailableWithinMinutes: 120, aaMethod: 1 },
        ],
      },
    };
    expect(compose([[action]]).actions).toEqual([
      {
        type: 'assign',
        value: {
          mainAssignment: { users: ['Lee Park'] },
          backupAssignments: [{ assignToAnyUser: true, assignIfUserAvailableWithinMinutes: 120, aaMethod: 1 }],
        },
      },
    ]);
  });
});

describe('messages', () => {
  const to = (address: string, name = '') => ({ emailAddress: { name, address } });

  test('one by template goes to the sender unless it says otherwise', () => {
    expect(
      compose([[{ type: 'sendMessage', name: 'Ack', value: { templateName: 'Acknowledgement' } }]]).actions,
    ).toEqual([
      {
        type: 'sendMessage',
        name: 'Ack',
        value: { templateName: 'Acknowledgement', toAddresses: [to('dana@northwind.example', 'Dana "D" <Reyes>')] },
      },
    ]);
  });

  test('an inline one has a subject, and its HTML escapes what others wrote', () => {
    const value = {
      body: '<p>{{ sender.name }} {{ sender.name | raw }}</p>',
      bodyType: 'html',
      toAddresses: ['{{ message.cc }}', { emailAddress: { name: 'Desk', address: 'Desk@Insurer.example' } }],
      ccAddresses: ['{{ customer.none }}'],
    };
    const payload = { cc: [to('B@c.example'), to('desk@insurer.example'), to('nobody')] };
    expect(compose([[{ type: 'sendMessage', value }]], { payload }).actions).toEqual([
      {
        type: 'sendMessage',
        value: {
          body: '<p>Dana &#34;D&#34; &#60;Reyes&#62; Dana "D" <Reyes></p>',
          bodyType: 'html',
          subject: 'Re: Water damage',
          toAddresses: [to('b@c.example'), to('desk@insurer.example')],
        },
      },
    ]);
  });

  test('one without a recipient is dropped', () => {
    const forward = { type: 'forwardMessage', value: { toAddresses: ['{{ customer.none }}'] } };
    expect(
      compose([[forward, { type: 'sendMessage', value: { templateName: 'T' } }]], { payload: { from: null } }).actions,
    ).toEqual([]);
  });

  test('equal ones go out once', () => {
    const forward = (comment: string) => ({
      type: 'forwardMessage',
      value: { toAddresses: ['uw@insurer.example'], comment },
    });
    const { actions, suppressed } = compose([[forward('a'), forward('b')], [forward('a')]]);
    expect(actions.map(({ value }) => (value as { comment?: string }).comment)).toEqual(['a', 'b']);
    expect(suppressed).toEqual([
      { rule: 'r2', type: 'forwardMessage', part: null, isRendered: false, reason: 'set_before', wonBy: 'r1' },
    ]);
  });
});

describe('what the mailbox does not have', () => {
  const leftOut = ({ suppressed }: ReturnType<typeof compose>) =>
    suppressed.map(({ rule, part, reason, wonBy }) => [rule, part, reason, ...(wonBy === null ? [] : [wonBy])]);

  test('is not checked where nothing is known of it', () => {
    const rule = [fields({ a: '1' }), tag('VIP'), assign('Joe Cool')];
    for (const mailbox of [{}, { templates: [] }]) {
      expect(compose([rule], { mailbox })).toMatchObject({ actions: rule, suppressed: [] });
    }
  });

  test('an empty list says that there are none', () => {
    const mailbox = { customFields: [], tags: [], users: [] };
    const composition = compose([[fields({ a: '1' }), tag('VIP'), assign('Joe Cool')]], { mailbox });
    expect(composition.actions).toEqual([]);
    expect(leftOut(composition)).toEqual([
      ['r1', 'a', 'unknown_field'],
      ['r1', 'VIP', 'unknown_tag'],
      ['r1', 'Joe Cool', 'unknown_user'],
    ]);
  });

  test('an unknown field is left out, the others are set', () => {
    const composition = compose([[fields({ claim: '1', Claim: '2', toString: '3' })]], {
      mailbox: { customFields: [{ key: 'claim' }] },
    });
    expect(composition.actions).toEqual([fields({ claim: '1' })]);
    expect(leftOut(composition)).toEqual([
      ['r1', 'Claim', 'unknown_field'],
      ['r1', 'toString', 'unknown_field'],
    ]);
  });

  test('a value without the pattern in it is left out, and the next rule may set the field', () => {
    const mailbox = { customFields: [{ key: 'claim', pattern: '^CLM-\\d{6}$' }] };
    const composition = compose([[fields({ claim: 'CLM-1' })], [fields({ claim: 'CLM-200001' })]], { mailbox });
    expect(composition.actions).toEqual([fields({ claim: 'CLM-200001' })]);
    expect(leftOut(composition)).toEqual([['r1', 'claim', 'pattern']]);
  });

  test('a value that would be left out is none once an earlier rule has set the field', () => {
    const mailbox = { customFields: [{ key: 'claim', pattern: '^\\d+$' }] };
    expect(leftOut(compose([[fields({ claim: '1' })], [fields({ claim: 'x' })]], { mailbox }))).toEqual([
      ['r2', 'claim', 'set_before', 'r1'],
    ]);
  });

  test.each([
    ['is found anywhere in the value', '\\d{3}', 'no. 123 b', true],
    ['covers the whole with ^ and $', '^\\d{3}$', 'no. 123 b', false],
    ['minds case', '^[A-Z]+$', 'abc', false],
    ['sees the value as it is cut', '^x{100}$', 'x'.repeat(150), true],
    ['does not see what is cut off', 'y', `${'x'.repeat(100)}y`, false],
    ['counts code points', '^.{2}$', '🚒🚒', true],
  ])('a pattern %s', (_, pattern, value, isTaken) => {
    const { actions } = compose([[fields({ a: value })]], { mailbox: { customFields: [{ key: 'a', pattern }] } });
    expect(actions).toHaveLength(isTaken ? 1 : 0);
  });

  test('a literal "" blanks a field whatever its pattern', () => {
    const mailbox = { customFields: [{ key: 'a', pattern: '^\\d+$' }] };
    expect(compose([[fields({ a: '' })]], { mailbox }).actions).toEqual([fields({ a: '' })]);
  });

  test('tags are compared in exact case', () => {
    const composition = compose([[tag('vip', 'VIP', 'Fleet')], [tag('Flet')]], { mailbox: { tags: ['VIP', 'Fleet'] } });
    expect(composition.actions).toEqual([tag('VIP', 'Fleet')]);
    expect(leftOut(composition)).toEqual([
      ['r1', 'vip', 'unknown_tag'],
      ['r2', 'Flet', 'unknown_tag'],
    ]);
  });

  test('users are compared in any case, by name or address', () => {
    const mailbox = {
      users: [{ name: 'Tomás Vidal', email: 'Tomas.Vidal@insurer.example' }, 'Joe Cool', 'lee@insurer.example'],
    };
    const users = ['TOMÁS VIDAL', 'tomas.vidal@INSURER.example', 'joe cool', 'Lee@insurer.example'];
    expect(compose([[assign(...users, 'Vidal')]], { mailbox }).actions).toEqual([assign(...users)]);
  });

  test('a backup takes the place of a main assignment whose users are all unknown', () => {
    const specs = (mainAssignment: object, ...backupAssignments: object[]) => ({
      type: 'assign',
      value: { mainAssignment, ...(backupAssignments.length === 0 ? {} : { backupAssignments }) },
    });
    const action = specs(
      { users: ['A', 'B'], ignoreAvailability: true },
      { users: ['B', 'C'] },
      { users: ['D', 'a'] },
      { users: ['E'] },
      { assignToAnyUser: true },
    );
    const composition = compose([[action]], { mailbox: { users: ['c', 'd'] } });
    expect(composition.actions).toEqual([specs({ users: ['C'] }, { users: ['D'] }, { assignToAnyUser: true })]);
    expect(leftOut(composition).map(([, user]) => user)).toEqual(['A', 'B', 'a', 'E']);
  });

  test('an assignment of which nobody is left does not keep a later one out', () => {
    const composition = compose([[assign('A')], [assign('B')], [assign('A')]], { mailbox: { users: ['B'] } });
    expect(composition.actions).toEqual([assign('B')]);
    expect(leftOut(composition)).toEqual([
      ['r1', 'A', 'unknown_user'],
      ['r3', null, 'set_before', 'r2'],
    ]);
  });

  test('messages go out whatever the mailbox has', () => {
    const message = { type: 'sendMessage', value: { templateName: 'T' } };
    expect(compose([[message]], { mailbox: { templates: ['Other'], users: [], tags: [] } }).actions).toHaveLength(1);
  });

  test('what was rendered is marked as such, since it may be personal', () => {
    const wanted = [
      tag(' Known ', '{{ customer.tag }}'),
      assign('Joe', '{{ customer.owner }}'),
      fields({ a: '{{ customer.tag }}' }),
    ];
    const given = { customer: { tag: 'T', owner: 'O' }, mailbox: { tags: [], users: [], customFields: [] } };
    expect(compose([wanted], given).suppressed.map(({ part, isRendered }) => [part, isRendered])).toEqual([
      ['Known', false],
      ['T', true],
      ['Joe', false],
      ['O', true],
      ['a', false],
    ]);
  });
});

describe('templates', () => {
  test.each([
    ['{{ customer.constructor }}{{ customer.__proto__ }}{{ customer.toString }}', undefined],
    ['{{ "now" | date: "%Y-%m-%d %H:%M" }}', '2026-11-24 09:00'],
    ['{{ now | date: "%H:%M", "Europe/Berlin" }}', '10:00'],
    ['{% for i in (1..customer.many) %}xxxxxxxxxx{% endfor %}', undefined],
    ['{% assign a = "x" %}{{ a | upcase }}{{ customer.n | plus: 1 }}', 'X6'],
    ['{% if customer.vip %}VIP{% endif %}', undefined],
    ['{{ message.subjectBase | truncate: 8 }}', 'Water...'],
  ])('%s gives %j', (template, expected) => {
    const [action] = compose([[fields({ a: template })]], { customer: { n: 5, many: 10_000_000 } }).actions;
    expect((action?.value as { a?: string } | undefined)?.a).toBe(expected);
  });

  test('whatever the CRM holds, a field is text of at most 100 code points and never blanked', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const [action] = compose([[fields({ a: '{{ customer.v }}', b: 'x{{ customer.t }}' })]], {
          customer: { v: value as never, t: text },
        }).actions;
        for (const field of Object.values((action?.value ?? {}) as Record<string, string>)) {
          expect(typeof field).toBe('string');
          expect(field.trim()).not.toBe('');
          expect(Array.from(field).length).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
