import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { within } from './within.js';

const block = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
};

test('what came in time counts, although a late event loop sees it after the time is over', async () => {
  const worker = new Worker(
    "require('worker_threads').parentPort.on('message', (text) => require('worker_threads').parentPort.postMessage(text))",
    { eval: true },
  );
  const ask = () =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage('answer');
    });
  await ask();
  const answer = within(50, ask);
  // From here the loop goes to its timers before it looks what has arrived.
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
