import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { LogOutput } from './log-output.js';

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const lines = (count: number, length = 100) =>
  Array.from({ length: count }, (_, index) => `${String(index).padEnd(length, '.')}\n`);

const opened: number[] = [];
afterEach(() => opened.splice(0).forEach((fd) => closeSync(fd)));

function makePipe(): string {
  const path = join(tempFolder(), 'log');
  execFileSync('mkfifo', [path]);
  return path;
}

function open(path: string, mode: number): number {
  const fd = openSync(path, mode | O_NONBLOCK);
  opened.push(fd);
  return fd;
}

/** What is in the pipe now. */
function read(fd: number): string {
  const buffer = Buffer.alloc(1024 * 1024);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
    return '';
  }
}

async function readAll(fd: number, wanted: string): Promise<string> {
  let text = '';
  await until('all is read', () => (text += read(fd)).length >= wanted.length);
  return text;
}

test('a reader gets every line, in order, however late it reads', async () => {
  const pipe = open(makePipe(), O_RDWR);
  const output = new LogOutput(pipe);
  const written = lines(5_000);
  for (const line of written) output.write(line);
  expect(await readAll(pipe, written.join(''))).toBe(written.join(''));
  expect(output.dropped).toBe(0);
});

test('lines for which there is no room are dropped and counted; the others come, and so do later ones', async () => {
  const pipe = open(makePipe(), O_RDWR);
  const output = new LogOutput(pipe);
  const written = lines(20, 1024 * 1024);
  for (const line of written) output.write(line);
  expect(output.dropped).toBeGreaterThan(0);
  const kept = written.slice(0, written.length - output.dropped).join('');
  expect(await readAll(pipe, kept)).toBe(kept);
  output.write('later\n');
  expect(await readAll(pipe, 'later\n')).toBe('later\n');
});

test('lines wait for a reader that goes and comes again', async () => {
  const path = makePipe();
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const output = new LogOutput(open(path, O_WRONLY));
  closeSync(reader);
  const written = lines(3).join('');
  output.write(written);
  expect(await readAll(open(path, O_RDONLY), written)).toBe(written);
});

test('at the end of the process what waits is written, after what is under way', () => {
  const pipe = open(makePipe(), O_RDWR);
  const output = new LogOutput(pipe);
  const written = lines(3);
  for (const line of written) output.write(line);
  output.flushSync();
  expect(read(pipe)).toBe(written.join(''));
});

test.each([
  ['a disk that is full', () => open('/dev/full', O_WRONLY)],
  ['a pipe that nobody reads', () => open(makePipe(), O_RDWR)],
])('the end of the process waits for %s only so long', async (_, openIt) => {
  const output = new LogOutput(openIt());
  for (const line of lines(5_000)) output.write(line);
  await output.flush();
  output.flushSync();
  expect(output.dropped).toBe(0);
});
