import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { MailboxesService, type MailboxesEvent } from './mailboxes.service.js';

const CLAIMS = 'claims@insurer.example';
const withTags = (...tags: string[]) => JSON.stringify({ mailboxes: { [CLAIMS]: { tags } } });

const running: MailboxesService[] = [];
afterEach(() => {
  for (const service of running.splice(0)) service.close();
});

/** A service over a file with this content, and what it reports, one event after the other. */
async function start(content: string | null, isRequired = true) {
  const path = join(tempFolder(content === null ? {} : { 'mailboxes.json': content }), 'mailboxes.json');
  let next = Promise.withResolvers<MailboxesEvent>();
  const report = (event: MailboxesEvent) => next.resolve(event);
  const service = await MailboxesService.start({ path, isRequired, report, watching: { pollMs: 20, settleMs: 10 } });
  running.push(service);
  const after = async (change: Promise<void>): Promise<MailboxesEvent> => {
    next = Promise.withResolvers();
    await change;
    return next.promise;
  };
  return { path, service, after, tags: () => service.current.find(CLAIMS)?.content.tags };
}

test('a changed file is read again', async () => {
  const { path, service, after, tags } = await start(withTags('A'));
  expect(tags()).toEqual(['A']);
  expect(await after(writeFile(path, withTags('B')))).toMatchObject({ kind: 'loaded' });
  expect(tags()).toEqual(['B']);
  expect(service.status).toEqual({ mailboxes: 1, lastRejected: null });
});

test('a file with a fault keeps the old content, and says so until it is mended', async () => {
  const { path, service, after, tags } = await start(withTags('A'));
  expect(await after(writeFile(path, withTags('B').replace('tags', 'tagz')))).toMatchObject({ kind: 'rejected' });
  expect(tags()).toEqual(['A']);
  expect(service.status.lastRejected?.faults[0]?.message).toContain('did you mean "tags"');
  await after(writeFile(path, withTags('B')));
  expect(service.status.lastRejected).toBeNull();
  expect(tags()).toEqual(['B']);
});

test('the default file may come and go', async () => {
  const { path, service, after, tags } = await start(null, false);
  expect(service.current.mailboxes).toEqual([]);
  await after(writeFile(path, withTags('A')));
  expect(tags()).toEqual(['A']);
  await after(rm(path));
  expect(service.status).toEqual({ mailboxes: 0, lastRejected: null });
});

test('a named file that goes is a fault', async () => {
  const { path, service, after, tags } = await start(withTags('A'));
  expect(await after(rm(path))).toMatchObject({ kind: 'rejected' });
  expect(service.status.lastRejected?.faults[0]?.message).toContain('ENOENT');
  expect(tags()).toEqual(['A']);
});

test('it does not start on a fault', async () => {
  await expect(start('{ "mailboxes": { "claims": {} } }')).rejects.toThrow(
    /The mailbox catalogue has 1 fault\(s\):\n.*mailboxes\.json:1:18 {2}not the e-mail address of a mailbox/,
  );
  await expect(start(null)).rejects.toMatchObject({ code: 'MAILBOXES_INVALID' });
});
