import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { httpProvider, soon } from '../support/http-provider.js';
import {
  readCriteria,
  readDoubled,
  readForm,
  readPhrases,
  readSoql,
  readTarget,
  type TakenApart,
} from '../support/request-syntax.js';
import { answer, ScriptedServer, type SeenRequest } from '../support/scripted-server.js';

/** Signs that mean something somewhere. */
const SIGNS = [
  ...Array.from('\'"\\%_;-*(){}[]<>$`,.:/?#&=+@!|^~ '),
  '\u0000',
  '\r\n',
  '\n',
  '\t',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u2029',
  '\ufeff',
  'é',
  'ß',
  '中',
  '\u0301',
  '\u{1f692}',
  '\ud800',
  '\udfff',
  '‹›',
  '＇',
  '%27',
  '%00',
  '{{email}}',
  '${env:SECRET}',
  "' OR 1=1 --",
  '..',
];
const oddText = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.oneof(fc.constantFrom(...SIGNS), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
      minLength: 1,
      maxLength: 254,
    }),
    fc.constantFrom(
      '.',
      '..',
      '%2e%2e',
      "'",
      '\\',
      '"',
      '\\\\',
      "\\'",
      "''",
      ')',
      ',',
      'a'.repeat(254),
      '\ud800',
      '\0',
    ),
  )
  .map((text) => text.slice(0, 254));

let server: ScriptedServer;
/** What the next record says that its id is. */
let id: string = '';

beforeAll(async () => {
  server = await ScriptedServer.start((response) => {
    const { path } = server.seen.at(-1)!;
    answer(200, path === '/first' || path.startsWith('/first?') ? { items: [{ id }] } : { items: [] })(response);
  });
});
afterEach(() => void (server.seen.length = 0));
afterAll(() => server[Symbol.asyncDispose]());

/** A place in a request, and how a value in it and all around it is read. */
interface Place {
  readonly request: (value: string) => object;
  readonly read: (request: SeenRequest) => TakenApart;
  /** What is not sent there at all. */
  readonly refuses?: (value: string) => boolean;
  /** How the value is written there beside escapes. */
  readonly as?: (value: string) => string;
}

const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const isIllFormed = (value: string) => !value.isWellFormed();
const isControl = (value: string) => isIllFormed(value) || CONTROL.test(value);
const queryOf = ({ path }: SeenRequest) => readTarget(path);
const plain = (parts: unknown, ...literals: string[]): TakenApart => ({ shape: JSON.stringify(parts), literals });

/** A query parameter whose text is in a language. */
const inQuery = (
  language: string,
  text: (value: string) => string,
  read: (text: string) => TakenApart,
): Omit<Place, 'refuses'> => ({
  request: (value) => ({ path: '/x', query: { a: 1, q: { [language]: text(value) }, z: 2 } }),
  read: (request) => {
    const { segments, query } = queryOf(request);
    const written = query[1]?.[1] ?? '';
    const { shape, literals } = read(written);
    return {
      shape: JSON.stringify([segments, query.map(([key], index) => (index === 1 ? [key, shape] : query[index]))]),
      literals,
    };
  },
});

const PLACES: Readonly<Record<string, Place>> = {
  'a path': {
    request: (value) => ({ path: `/a/${value}/b` }),
    read: (request) => {
      const { segments, query } = queryOf(request);
      return plain([segments.length, segments[0], segments[2], query], segments[1]!);
    },
    refuses: (value) => isIllFormed(value) || value === '.' || value === '..',
  },
  'a part of a path': {
    request: (value) => ({ path: `/a/x${value}y` }),
    read: (request) => {
      const { segments, query } = queryOf(request);
      return plain([segments.length, segments[0], query], segments[1]!.slice(1, -1));
    },
    refuses: isIllFormed,
  },
  'a query': {
    request: (value) => ({ path: '/x', query: { a: 1, q: value, z: 2 } }),
    read: (request) => {
      const { segments, query } = queryOf(request);
      return plain([segments, query.map(([key, text]) => (key === 'q' ? key : [key, text]))], query[1]![1]);
    },
    refuses: isIllFormed,
  },
  'a header': {
    request: (value) => ({ path: '/x', headers: { 'x-asked': value } }),
    read: ({ path, headers }) => plain([path, Object.keys(headers).toSorted()], headers['x-asked'] as string),
    refuses: (value) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || value.trim() !== value,
  },
  'a JSON body': {
    request: (value) => ({ path: '/x', body: { a: [1, { b: value }], [`c`]: `x ${value} y`, d: null } }),
    read: ({ path, headers, body }) => {
      const { a, c, d, ...more } = JSON.parse(body) as { a: [number, { b: string }]; c: string; d: null };
      return plain([path, headers['content-type'], a.length, a[0], Object.keys(a[1]), d, more], a[1].b, c.slice(2, -2));
    },
    refuses: isIllFormed,
  },
  'a form': {
    request: (value) => ({ path: '/x', form: { a: '1', q: value, z: '2' } }),
    read: ({ body }) => {
      const pairs = readForm(body);
      return plain(
        pairs.map(([key, text]) => (key === 'q' ? key : [key, text])),
        pairs[1]![1],
      );
    },
    refuses: isIllFormed,
  },
  SOQL: {
    ...inQuery('soql', (value) => `SELECT Id FROM Contact WHERE Email = ${value} LIMIT 2`, readSoql),
    refuses: isControl,
  },
  'SOQL between quotes': {
    ...inQuery('soql', (value) => `SELECT Id FROM Contact WHERE Email = '${value}' LIMIT 2`, readSoql),
    refuses: isControl,
  },
  'a pattern of SOQL': {
    ...inQuery('soql', (value) => `SELECT Id FROM A WHERE Website LIKE '%/${value}%' OR Name = 'it\\'s'`, readSoql),
    refuses: isControl,
    as: (value) => `%/${value.replace(/[%_]/g, '\\$&')}%`,
  },
  OData: { ...inQuery('odata', (value) => `mail eq ${value} or mail2 eq '${value}'`, readDoubled), refuses: isControl },
  COQL: {
    ...inQuery('coql', (value) => `select id from Contacts where Email = ${value} limit 2`, readDoubled),
    refuses: (value) => isControl(value) || value.includes('\\'),
  },
  criteria: {
    ...inQuery('criteria', (value) => `((Email:equals:${value})or(Mail:equals:${value}))`, readCriteria),
    refuses: isControl,
  },
  'a search': {
    ...inQuery('search', (value) => `type:user email:${value} role:end`, readPhrases),
    refuses: (value) => isControl(value) || /["\\]/.test(value),
  },
  'SOQL in a JSON body': {
    request: (value) => ({ path: '/x', body: { query: { soql: `SELECT Id FROM C WHERE Email = ${value}` } } }),
    read: ({ body }) => readSoql((JSON.parse(body) as { query: string }).query),
    refuses: isControl,
  },
  'OData in a path': {
    request: (value) => ({ path: { odata: `/contacts(mail=${value})` } }),
    read: ({ path }) => readDoubled(readTarget(path).segments.join('⁄')),
    refuses: isControl,
  },
};

describe.each(Object.entries(PLACES))('in %s', (_, { request, read, refuses = () => false, as }) => {
  const first = { path: '/first', query: { e: '{{email}}' }, items: 'items' };
  const make = (entry: object) => httpProvider({ baseUrl: server.url, ...entry }, { env: { SECRET: 'x' } });
  const find = (provider: CrmProvider, local: string, domain = 'odd.example') =>
    provider.findByEmail({ address: `${local}@${domain}`, local, domain }, soon());

  /** The request that was made last, taken apart; undefined when none was. */
  const sent = (count: number) => (server.seen.length < count ? undefined : read(server.seen.at(-1)!));

  test('no address changes the shape', async () => {
    const provider = await make({ byEmail: { ...request('{{email}}'), items: 'items' } });
    await find(provider, 'plain');
    const { shape } = sent(1)!;
    await fc.assert(
      fc.asyncProperty(oddText, async (local) => {
        server.seen.length = 0;
        const address = `${local}@odd.example`.slice(-254);
        expect(await find(provider, address.slice(0, -12))).toEqual({ kind: 'not_found' });
        if (refuses(address) || /\p{Cc}/u.test(address)) return expect(server.seen).toEqual([]);
        const taken = sent(1);
        expect(taken?.shape).toBe(shape);
        for (const literal of taken!.literals) if (literal !== "it's") expect(literal).toBe(as?.(address) ?? address);
      }),
    );
  });

  test('no id from the CRM changes the shape', async () => {
    const followUp = { ...request('{{id}}'), as: 'company', id: 'id', items: 'items' };
    const provider = await make({ byEmail: { ...first, then: followUp } });
    id = 'plain';
    await find(provider, 'plain');
    const { shape } = sent(2)!;
    await fc.assert(
      fc.asyncProperty(oddText, async (odd) => {
        server.seen.length = 0;
        id = odd;
        expect((await find(provider, 'plain')).kind).toBe('found');
        if (refuses(odd)) return expect(server.seen).toHaveLength(1);
        const taken = sent(2);
        expect(taken?.shape).toBe(shape);
        for (const literal of taken!.literals) if (literal !== "it's") expect(literal).toBe(as?.(odd) ?? odd);
      }),
    );
  });
});

test('no parameter or secret changes the shape of a query', async () => {
  await fc.assert(
    fc.asyncProperty(oddText, async (odd) => {
      fc.pre(!isControl(odd) && odd !== '');
      server.seen.length = 0;
      const connector = {
        baseUrl: server.url,
        parameters: { given: {} },
        byEmail: { path: '/x', query: { q: { soql: 'a = {{given}} AND b = {{email}}' } }, items: 'items' },
      };
      const provider = await httpProvider(
        { connector: './c.json', given: '${env:GIVEN}' },
        { files: { 'c.json': JSON.stringify(connector) }, env: { GIVEN: odd } },
      );
      await provider.findByEmail({ address: 'a@b.example', local: 'a', domain: 'b.example' }, soon());
      await provider.close();
      const [, text] = readTarget(server.seen[0]!.path).query[0]!;
      expect(readSoql(text)).toEqual({ shape: 'a = ‹› AND b = ‹›', literals: [odd, 'a@b.example'] });
    }),
    { numRuns: 30 },
  );
});
