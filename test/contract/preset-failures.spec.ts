import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { answer, reset, type Step } from '../support/scripted-server.js';
import { type Preset, PRESETS, VENDORS } from '../support/vendors/presets.js';
import { provide, refuseUnknownRequests, startVendor } from '../support/vendors/start-preset.js';

type Outcome = 'not_found' | 'unavailable' | 'misconfigured' | 'rate_limited';

/** What a vendor answers, and what that means: docs of each vendor, as the table of its errors has them. */
interface Case {
  readonly preset: (typeof VENDORS)[number];
  /** Who answers so; the API unless it says otherwise. */
  readonly at?: 'tokens';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly is: Outcome;
  /** How long it asks us to wait; null when it does not say. */
  readonly waitSeconds?: number | null;
}

const CASES = JSON.parse(readFileSync(new URL('../cases/preset-failures.json', import.meta.url), 'utf8')) as Case[];
const dana = parseEmailAddress('dana.reyes@northwind.example')!;

refuseUnknownRequests();

async function outcomeOf(provider: CrmProvider): Promise<{ is: string; waitSeconds?: number | null }> {
  try {
    return { is: (await provider.findByEmail(dana, AbortSignal.timeout(20_000))).kind };
  } catch (error) {
    const { code, retryAfterMs, message } = error as { code: string; retryAfterMs?: number | null; message: string };
    expect(message).not.toMatch(/dana|northwind\.example/);
    const is = code.replace('CRM_', '').toLowerCase();
    return retryAfterMs === undefined ? { is } : { is, waitSeconds: retryAfterMs && retryAfterMs / 1_000 };
  }
}

const titled = CASES.map((each) => {
  const { preset, at, status, headers, body, is } = each;
  const words = typeof body === 'string' ? body : JSON.stringify(body ?? '').slice(0, 100);
  return [preset, at ?? 'api', status, JSON.stringify(headers ?? {}), words, is, each] as const;
});

test.each(titled)('%s: %s answering %i %s %s is %s', async (_preset, _at, _status, _headers, _words, _is, given) => {
  const { at, status, headers, body, is, waitSeconds } = given;
  const preset: Preset = PRESETS[given.preset];
  const server = await startVendor(preset);
  const step: Step =
    body === undefined ? (response) => void response.writeHead(status, headers).end() : answer(status, body, headers);
  // A token that is refused is renewed once, so that the API must say it twice.
  server.interrupt(step, at === 'tokens' ? preset.tokens! : preset.api, 2);
  expect(await outcomeOf(await provide(preset, server))).toEqual({
    is,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  });
});

const html = (status: number) =>
  answer(status, '<html><body>Down for maintenance</body></html>', { 'content-type': 'text/html' });

describe.each(VENDORS)('%s', (name) => {
  const preset: Preset = PRESETS[name];

  test.each<[what: string, is: Outcome, step: Step]>([
    ['a reset connection', 'unavailable', reset],
    ['an empty 500', 'unavailable', answer(500)],
    ['a 502 of a gateway', 'unavailable', html(502)],
    ['a maintenance page with 503', 'unavailable', html(503)],
    ['an empty 504', 'unavailable', answer(504)],
    ['a page with 200', 'misconfigured', html(200)],
    ['a page with 404', 'misconfigured', html(404)],
    ['half of a JSON', 'misconfigured', answer(200, '{"users":[')],
    ['the JSON of something else', 'misconfigured', answer(200, { hello: 'world' })],
    ['a redirect', 'misconfigured', answer(302, '', { location: 'https://login.example/' })],
  ])('%s is %s', async (_what, is, step) => {
    const server = await startVendor(preset);
    server.interrupt(step, preset.api);
    expect(await outcomeOf(await provide(preset, server))).toEqual({ is });
  });

  test('a page with 404 at what a check asks for is misconfigured', async () => {
    const server = await startVendor(preset);
    server.interrupt(html(404), preset.api);
    const provider = await provide(preset, server);
    await expect(provider.check(AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
  });
});
