import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { SECRET } from '../support/start-app.js';
import { PATHS, WatchedDoor } from '../support/watched-door.js';

const RULES = {
  'echo.json': {
    rules: [
      {
        name: 'echo',
        conditions: { all: [] },
        actions: [
          { type: 'setCustomFields', value: { subject: '{{ message.subject }}', from: '{{ sender.address }}' } },
          { type: 'tag', value: { tags: ['Seen'] } },
        ],
      },
    ],
  },
};
/** Stands for personal data: no refusal may repeat it. */
const PRIVATE = 'private-4711';

const door = new WatchedDoor({ rules: RULES });

function envelopeOf({ status, text }: Answer): { status: string; actions?: { value: Record<string, unknown> }[] } {
  expect(status).toBe(200);
  return JSON.parse(text) as ReturnType<typeof envelopeOf>;
}

function expectProblem(answer: Answer, status: number): { violations?: { field: string; message: string }[] } {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.text).not.toContain(PRIVATE);
  const problem = JSON.parse(answer.text) as ReturnType<typeof expectProblem>;
  expect(problem).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  return problem;
}

function expectViolations(answer: Answer, fields: readonly string[]): void {
  const { violations = [] } = expectProblem(answer, 400);
  expect(new Set(violations.map(({ field }) => field))).toEqual(new Set(fields));
  for (const { message } of violations) expect(message).toMatch(/\w/);
}

describe.each(PATHS)('POST %s', (path) => {
  test.each([
    ['JSON that breaks off', `{"id": "${PRIVATE}`],
    ['no JSON', PRIVATE],
    ['JSON and more', `{} ${PRIVATE}`],
    ['JSON with a trailing comma', `{"id": "${PRIVATE}",}`],
    ['an empty body', ''],
    ['blanks only', ' \n'],
  ])('%s is refused as malformed', async (_, body) => {
    expectProblem(await door.deliver(path, body), 400);
  });

  test.each(['null', '5', `"${PRIVATE}"`, `["${PRIVATE}"]`, 'true'])(
    '%s, which is no object, is refused',
    async (body) => {
      expectViolations(await door.deliver(path, body), ['']);
    },
  );

  const REQUIRED = ['event', 'id', 'mailbox'];

  test('an empty object is refused with every field that is needed', async () => {
    expectViolations(await door.deliver(path, {}), REQUIRED);
  });

  test.each(REQUIRED)('a delivery without "%s" is refused for that alone', async (field) => {
    const { [field]: _, ...rest } = sampleDelivery({ subject: PRIVATE });
    expectViolations(await door.deliver(path, rest), [field]);
  });

  test.each([null, '', 5, true, [PRIVATE], { text: PRIVATE }])(
    '%j for all that is needed is refused',
    async (value) => {
      const wrong = Object.fromEntries(REQUIRED.map((field) => [field, value]));
      expectViolations(await door.deliver(path, sampleDelivery(wrong)), REQUIRED);
    },
  );

  test('wrong types of id, event, mailbox and from are all listed at once', async () => {
    const wrong = { id: 4711, event: { kind: PRIVATE }, mailbox: [PRIVATE], from: `${PRIVATE}@northwind.example` };
    expectViolations(await door.deliver(path, sampleDelivery(wrong)), ['event', 'from', 'id', 'mailbox']);
  });

  test.each([
    ['text', PRIVATE, 'from'],
    ['a number', 5, 'from'],
    ['a list', [correspondent(`${PRIVATE}@northwind.example`)], 'from'],
    ['text as emailAddress', { emailAddress: PRIVATE }, 'from.emailAddress'],
    ['a list as emailAddress', { emailAddress: [PRIVATE] }, 'from.emailAddress'],
    ['a number as address', { emailAddress: { address: 5 } }, 'from.emailAddress.address'],
    ['a list as address', { emailAddress: { address: [PRIVATE] } }, 'from.emailAddress.address'],
  ])('%s for from is refused with the place', async (_, from, field) => {
    expectViolations(await door.deliver(path, sampleDelivery({ from })), [field]);
  });

  test.each([
    ['null', null],
    ['an empty object', {}],
    ['a null emailAddress', { emailAddress: null }],
    ['an empty emailAddress', { emailAddress: {} }],
    ['a null address', { emailAddress: { name: 'System', address: null } }],
    ['an empty address', correspondent('')],
    ['no address at all', correspondent('/o=Northwind/cn=Dana')],
    ['nothing', undefined],
  ])('a message from nobody (%s) is enriched', async (_, from) => {
    const { status, actions } = envelopeOf(await door.deliver(path, sampleDelivery({ from, subject: 'Bounce' })));
    expect(status).toBe('success');
    expect(actions?.[0]?.value).toEqual({ subject: 'Bounce' });
  });

  test('null lists and null texts are accepted', async () => {
    const nulls = { to: null, cc: null, subject: null, bodyText: null, customFields: null, sender: null };
    expect(envelopeOf(await door.deliver(path, sampleDelivery(nulls))).actions).toHaveLength(2);
  });

  test('wrong types of what is not needed are read as absent', async () => {
    const odd = {
      to: 'x',
      cc: [null, 5, 'x'],
      subject: 5,
      bodyText: [],
      customFields: 'x',
      sender: 7,
      hasAttachments: 'no',
    };
    expect(envelopeOf(await door.deliver(path, sampleDelivery(odd))).actions).toHaveLength(2);
  });

  test('an unknown event is answered with success and nothing to do', async () => {
    const envelope = envelopeOf(await door.deliver(path, sampleDelivery({ event: 'conversation.closed' })));
    expect(envelope).toEqual({ status: 'success', message: expect.stringContaining('received') });
  });

  test('unknown fields are ignored', async () => {
    const more = { importance: 'high', headers: { a: [1, { b: null }] }, then: 'x', toString: 'x', hasOwnProperty: 1 };
    expect(envelopeOf(await door.deliver(path, sampleDelivery(more))).actions).toHaveLength(2);
  });

  test.each([
    ['at the top', (poison: string) => sampleJson(`${poison}, "x": 1`)],
    [
      'in from',
      (poison: string) => sampleJson(`"from": {${poison}, "emailAddress": {${poison}, "address": "a@b.example"}}`),
    ],
    ['in a list', (poison: string) => sampleJson(`"to": [{${poison}}, {"emailAddress": {${poison}}}]`)],
    ['in the custom fields', (poison: string) => sampleJson(`"customFields": {${poison}, "region": "north"}`)],
  ])('keys that reach a prototype (%s) pollute nothing and lose no message', async (_, body) => {
    for (const poison of [
      '"__proto__": {"polluted": 1}',
      '"constructor": {"prototype": {"polluted": 1}}',
      '"__proto__": null',
    ]) {
      expect(envelopeOf(await door.deliver(path, body(poison))).actions).toHaveLength(2);
    }
    expect({}).not.toHaveProperty('polluted');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('ten thousand recipients are accepted', async () => {
    const to = Array.from({ length: 10_000 }, (_, index) => correspondent(`r${index}@northwind.example`, `R ${index}`));
    expect(envelopeOf(await door.deliver(path, sampleDelivery({ to, cc: to }))).actions).toHaveLength(2);
  });

  test('lists nested ten thousand deep are no reason to fall', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    for (const field of ['extra', 'to', 'customFields']) {
      expect(envelopeOf(await door.deliver(path, sampleJson(`"${field}": ${deep}`))).actions).toHaveLength(2);
    }
  });

  test('what is needed is refused when it is nested ten thousand deep', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const members = ['"id": @', '"from": @', '"from": {"emailAddress": @}', '"from": {"emailAddress": {"address": @}}'];
    for (const member of members) {
      expectProblem(await door.deliver(path, sampleJson(member.replace('@', deep))), 400);
    }
  });

  test('a list of ten thousand where one is needed is refused in few words', async () => {
    const many = Array.from({ length: 10_000 }, () => ({ emailAddress: 5 }));
    for (const differences of [{ from: many }, { from: { emailAddress: many } }, { id: many }]) {
      const { violations = [] } = expectProblem(await door.deliver(path, sampleDelivery(differences)), 400);
      expect(violations.length).toBeLessThan(10);
    }
  });

  test('lone surrogates and NUL in a subject come back as valid JSON', async () => {
    const body = sampleJson(String.raw`"subject": "\ud83d lone \udc00 and \u0000 NUL \u2028"`);
    const [fields] = envelopeOf(await door.deliver(path, body)).actions ?? [];
    expect(fields?.value['subject']).toMatch(/lone .* and/);
  });

  test('bytes that are no UTF-8 lose no message', async () => {
    const [before, after] = sampleJson('"subject": "?"').split('?') as [string, string];
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from(after)]);
    const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
    expect(envelopeOf(await door.send(path, { headers, body })).actions).toHaveLength(2);
  });

  test('a subject of a million characters is cut to what a field holds', async () => {
    const subject = '😀'.repeat(500_000);
    const [fields] = envelopeOf(await door.deliver(path, sampleDelivery({ subject }))).actions ?? [];
    expect(fields?.value['subject']).toBe('😀'.repeat(100));
  });
});

/** A delivery with members as JSON text, which may be what JSON.stringify would not write. They come last and win. */
function sampleJson(members: string): string {
  return `${JSON.stringify(sampleDelivery()).slice(0, -1)}, ${members}}`;
}
