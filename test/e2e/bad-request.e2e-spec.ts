import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../support/http.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { SECRET } from '../support/start-app.js';
import { PATHS, WatchedDoor } from '../support/watched-door.js';

const RULES = {
  'all.json': {
    rules: [{ name: 'all', conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: ['Seen'] } }] }],
  },
};
const AUTHORIZATION = `Bearer ${SECRET}`;
const ELEVEN_MB = 11 * 1024 * 1024;

const door = new WatchedDoor({ rules: RULES });

function expectProblem({ status, headers, text }: Answer, wanted: readonly number[]): void {
  expect(wanted).toContain(status);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(JSON.parse(text)).toMatchObject({ status, title: expect.any(String) });
}

const goodBody = () => JSON.stringify(sampleDelivery());

describe.each(PATHS)('%s', (path) => {
  test.each([
    ['a length that says so', {}],
    ['no length given', { 'transfer-encoding': 'chunked', 'content-length': undefined }],
  ])('a body of 11 MB is refused (%s)', async (_, headers) => {
    const answer = await door.deliver(path, { ...sampleDelivery(), bodyText: 'x'.repeat(ELEVEN_MB) }, headers);
    expectProblem(answer, [413]);
  });

  test('a body of 9 MB is accepted', async () => {
    const answer = await door.deliver(path, { ...sampleDelivery(), bodyText: 'x'.repeat(9 * 1024 * 1024) });
    expect(answer.status).toBe(200);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'nonsense',
    undefined,
  ])('the content type %s is refused', async (type) => {
    const headers = { authorization: AUTHORIZATION, ...(type === undefined ? {} : { 'content-type': type }) };
    expectProblem(await door.send(path, { headers, body: goodBody() }), [415]);
  });

  test.each(['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON'])(
    'the content type %s is accepted',
    async (type) => {
      expect((await door.deliver(path, sampleDelivery(), { 'content-type': type })).status).toBe(200);
    },
  );

  test('a byte order mark before the JSON loses no message', async () => {
    expect((await door.deliver(path, `\uFEFF${goodBody()}`)).status).toBe(200);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])('%s is refused', async (method) => {
    const hasBody = ['PUT', 'PATCH'].includes(method);
    const headers = { authorization: AUTHORIZATION, ...(hasBody ? { 'content-type': 'application/json' } : {}) };
    const answer = await door.send(path, { method, headers, ...(hasBody ? { body: goodBody() } : {}) });
    expect([404, 405]).toContain(answer.status);
  });

  test.each([
    `${path}/`,
    `${path}?x=1`,
    `${path}#x`,
    `/${path}`,
    `/.${path}`,
    path.toUpperCase(),
    path.replace('e', '%65'),
    path.replaceAll('/', '%2f').replace('%2f', '/'),
    `${path};x=1`,
  ])('%s is no way round the secret', async (detour) => {
    const answer = await door.send(detour, { headers: { 'content-type': 'application/json' }, body: goodBody() });
    expect([401, 404]).toContain(answer.status);
  });

  describe('x-request-id', () => {
    const VALID = ['4f3c2b1a-0000-4000-8000-123456789abc', 'a', 'trace:01/span-2+x=y.z_-', 'x'.repeat(128)];
    const HOSTILE = [
      '',
      'two words',
      '<script>alert(1)</script>',
      'a"b',
      'a,b',
      '{{7*7}}',
      'ümlaut',
      'x'.repeat(129),
      'dana@northwind.example',
    ];

    test.each(VALID)('%s comes back', async (id) => {
      expect((await door.deliver(path, sampleDelivery(), { 'x-request-id': id })).headers['x-request-id']).toBe(id);
    });

    test.each(HOSTILE)('%j is replaced', async (id) => {
      const { headers, status } = await door.deliver(path, sampleDelivery(), { 'x-request-id': id });
      expect(status).toBe(200);
      expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    });

    test('two of them are replaced by one', async () => {
      const { headers } = await door.deliver(path, sampleDelivery(), { 'x-request-id': ['a', 'b'] });
      expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    });

    test('without one, each answer has its own', async () => {
      const answers = [await door.deliver(path, sampleDelivery()), await door.deliver(path, sampleDelivery())];
      expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(2);
    });

    test('errors carry it too, in the header and in the body', async () => {
      const id = 'request-17';
      const own = { 'x-request-id': id };
      const answers = [
        await door.deliver(path, '{', own),
        await door.deliver(path, {}, own),
        await door.deliver(path, sampleDelivery(), { ...own, 'content-type': 'text/plain' }),
        await door.deliver(path, { bodyText: 'x'.repeat(ELEVEN_MB) }, own),
        await door.send(`${path}/nowhere`, { headers: own }),
        await door.deliver(path, sampleDelivery(), { ...own, authorization: 'Bearer wrong' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 415, 413, 404, 401]);
      for (const { headers, text } of answers) {
        expect(headers['x-request-id']).toBe(id);
        if (text !== '') expect(JSON.parse(text)).toMatchObject({ requestId: id });
      }
    });
  });
});

test.each(['/nope', '/webhooks', '/health/ready'])(
  'POST %s reads no body: it is not found before a byte of it is parsed',
  async (path) => {
    const headers = { 'content-type': 'application/json' };
    expectProblem(await door.send(path, { headers, body: '{bad' }), [404]);
  },
);

test('a path that cannot be decoded is refused as a problem, with the id of the request', async () => {
  const answer = await door.send('/%zz', { headers: { 'x-request-id': 'odd-path' }, body: '' });
  expectProblem(answer, [400]);
  expect(JSON.parse(answer.text)).toMatchObject({ requestId: 'odd-path' });
});

test('a compressed body is refused for what it is', async () => {
  expectProblem(await door.deliver(PATHS[0]!, sampleDelivery(), { 'content-encoding': 'gzip' }), [415]);
});
