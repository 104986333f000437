import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const CHILD = fileURLToPath(new URL('../../src/crm/providers/sql/sqlite.child.ts', import.meta.url));
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0';

/** Stands for the service: starts the process of a database, as the client does, and says its id once it has a query. */
const SERVICE = `
  const child = require('node:child_process').fork(process.argv[1], [
    JSON.stringify({ path: process.argv[2], parentPid: process.pid, statements: { quick: 'SELECT 1', endless: process.argv[3] } }),
  ], { serialization: 'advanced' });
  const ask = (statement) => child.send({ id: 0, statement, parameters: {}, maxRows: 10 });
  ask('quick');
  child.on('message', (message) => { if (message !== 'ready') { ask('endless'); console.log(child.pid); } });
`;

test('the process of a database ends with the service, also in a query and when the service is killed', async () => {
  const path = join(tempFolder(), 'c.db');
  new DatabaseSync(path).close();
  const service = spawn(process.execPath, ['-e', SERVICE, CHILD, path, ENDLESS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await firstOutput(service));
  try {
    expect(isRunning(pid)).toBe(true);
    service.kill('SIGKILL');
    await until('the process of the database is gone', () => !isRunning(pid));
  } finally {
    service.kill('SIGKILL');
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  }
});

async function firstOutput(service: ChildProcess): Promise<string> {
  const [chunk] = (await once(service.stdout!, 'data')) as [Buffer];
  return chunk.toString();
}

/** A process that has ended and that nobody has collected yet is not running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
