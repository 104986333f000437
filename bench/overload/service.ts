import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What Node takes for itself in a container of 1 GiB. With all of a large machine it would put off collecting its garbage. */
const OLD_SPACE = '--max-old-space-size=256';
/** Rules that search the text of a message: a delivery must cost the service more than it costs to send one. */
const SEARCHES = 60;

/** `enricher start` as a process of its own, on the sample customers and rules that search, with a store that is gone afterwards. */
export class Service implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  // Node strips the types of bench/ and no more: no parameter properties.
  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  /**
   * @param root the project's folder
   * @param cli its built command
   * @param more variables beside those
   */
  static async start(
    root: string,
    cli: string,
    secret: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Service> {
    const folder = await mkdtemp(join(tmpdir(), 'enricher-overload-'));
    const rulesDir = join(folder, 'rules');
    await mkdir(rulesDir);
    await writeFile(join(rulesDir, 'search.json'), JSON.stringify({ rules: searches() }));
    const env = {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: '0',
      LOG_LEVEL: 'error',
      LOG_PRETTY: 'false',
      WEBHOOK_SECRET: secret,
      RULES_DIR: rulesDir,
      DATABASE_URL: `file:${join(folder, 'enricher.db')}`,
      ...more,
    };
    const child = spawn(process.execPath, [OLD_SPACE, cli, 'start'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout)) {
      const origin = /listens on (http:\/\/[^/\s]+)/.exec(line)?.[1];
      if (origin === undefined) continue;
      child.stdout.resume();
      return new Service(origin, child, folder);
    }
    throw new Error('The service did not start; its own words are above. Is dist/ built?');
  }

  /** Whether it answered that it lives, within five seconds. */
  async lives(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/live`, { signal: AbortSignal.timeout(5_000) })).ok;
    } catch {
      return false;
    }
  }

  /** Resident memory as it tells itself, in bytes; null when it did not answer. */
  async memory(): Promise<number | null> {
    try {
      const text = await (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
      return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
    } catch {
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function searches(): object[] {
  return Array.from({ length: SEARCHES }, (_, index) => ({
    name: `search-${index}`,
    conditions: {
      all: [
        { fact: 'lookup.state', operator: 'equal', value: 'found' },
        { fact: 'message.bodyText', operator: 'matches', value: `(?i)(claim|policy)[- ]?no\\.? *${index}[0-9]{5}` },
      ],
    },
    actions: [{ type: 'tag', value: { tags: [`Search ${index}`] } }],
  }));
}
