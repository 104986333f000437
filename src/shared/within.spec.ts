import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { within } from './within.js';

const block = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
};

const ECHO =
  "require('worker_threads').parentPort.on('message', (text) => require('worker_threads').parentPort.postMessage(text))";
const turn = () => new Promise((resolve) => setImmediate(resolve));

test.each<[string, (ask: () => Promise<unknown>) => Promise<unknown>]>([
  ['asked before the turn', (ask) => ask()],
  ['asked after it', (ask) => turn().then(ask)],
  ['asked twice', (ask) => ask().then(ask)],
])('a late event loop is not held against what was %s', async (_, work) => {
  const worker = new Worker(ECHO, { eval: true });
  const ask = () =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage('answer');
    });
  await ask();
  // From a check phase the loop goes to its timers before it looks what has arrived.
  await turn();
  const answer = within(100, () => work(ask));
  setImmediate(() => block(500));
  expect(await answer).toBe('answer');
  await worker.terminate();
});

test.each([
  ['gives what comes in time', () => Promise.resolve('answer'), 'answer'],
  ['gives up on what does not come', () => new Promise<string>(() => undefined), 'no answer within 20 ms'],
  ['passes on a failure', () => Promise.reject<string>(new Error('broken')), 'broken'],
])('%s', async (_, work, expected) => {
  expect(await within(20, work).catch((error: unknown) => (error as Error).message)).toBe(expected);
});
