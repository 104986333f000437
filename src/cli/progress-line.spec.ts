import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { ProgressLine } from './progress-line.js';

test('is written over itself, moves, and leaves nothing behind', () => {
  const out = new PassThrough();
  const line = new ProgressLine(out);
  for (let pages = 0; pages < 100; pages++) line.show(`${pages} pages`);
  line.end();
  const frames = String(out.read()).split('\r\u001B[K');
  expect(frames[0]).toBe('');
  expect(frames.slice(1, 3)).toEqual(['[████            ] 0 pages', '[ ████           ] 1 pages']);
  expect(new Set(frames.slice(1, -1).map((frame) => frame.indexOf(']')))).toEqual(new Set([17]));
  expect(frames.at(-1)).toBe('');
});
