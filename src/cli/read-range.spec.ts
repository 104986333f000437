import { expect, test } from '@jest/globals';
import { readRange } from './read-range.js';

const refuse = (message: string): never => {
  throw new Error(message);
};
const at = (text: string) => Date.parse(text);

test.each([
  [{}, {}],
  [{ since: '2026-12-01T09:00:00Z' }, { since: at('2026-12-01T09:00:00Z') }],
  [{ until: '2026-12-01T09:00:00Z' }, { until: at('2026-12-01T09:00:00Z') }],
  [
    { since: '2026-12-01T09:00:00Z', until: '2026-12-01T10:00:00Z' },
    { since: at('2026-12-01T09:00:00Z'), until: at('2026-12-01T10:00:00Z') },
  ],
  [
    { since: '2d', until: '1d' },
    { since: expect.any(Number), until: expect.any(Number) },
  ],
])('%j is a range', (given, range) => {
  expect(readRange(given, refuse)).toEqual(range);
});

test.each([
  [{ since: 'yesterday' }, 'error: --since "yesterday" is not a time such as'],
  [{ until: 'now' }, 'error: --until "now" is not a time such as'],
  [{ since: '1d', until: '2d' }, 'error: --until 2d is not after --since 1d, so nothing is between them'],
  [{ since: '1d', until: '1d' }, 'error: --until 1d is not after --since 1d'],
  [{ since: '2026-12-02', until: '2026-12-01' }, 'error: --until 2026-12-01 is not after'],
])('%j is refused', (given, message) => {
  expect(() => readRange(given, refuse)).toThrow(message);
});
