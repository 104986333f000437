import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectCleanLogs, keepSecretsOf, watchLines } from './clean-logs.js';
import { until } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'dist/cli.js');

/** Builds the service when nobody has; `npm test` has. */
export async function buildService(): Promise<void> {
  if (existsSync(CLI)) return;
  const build = spawn(process.execPath, [join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js'), 'build'], { cwd: ROOT });
  const code = await new Promise((resolve) => build.once('exit', resolve));
  if (code !== 0) throw new Error(`nest build ended with ${String(code)}`);
}

/** `enricher start` as a process of its own; killed when the test is over and it still runs. */
export class ServiceProcess implements AsyncDisposable {
  output = '';
  /** Exit code, or the signal that ended it; null while it runs. */
  ended: number | NodeJS.Signals | null = null;
  readonly #child;

  private constructor(env: Readonly<Record<string, string>>, cwd: string) {
    this.#child = spawn(process.execPath, [CLI, 'start'], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    keepSecretsOf(env);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.#child.once('exit', (code, signal) => (this.ended = code ?? signal));
  }

  /** @param giveUpMs for trials that outlast Jest's own limit */
  static async start(env: Readonly<Record<string, string>>, cwd: string, giveUpMs?: number): Promise<ServiceProcess> {
    const service = new ServiceProcess(env, cwd);
    const isListening = () => {
      if (service.ended !== null) throw new Error(`the service ended with ${service.ended}:\n${service.output}`);
      return service.#url() !== undefined;
    };
    await until('the service listens', isListening, giveUpMs);
    return service;
  }

  /** Without a path. */
  get url(): string {
    return this.#url()!;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #url(): string | undefined {
    return /listens on (http:\/\/[^/\s]+)\/webhooks/.exec(this.output)?.[1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended === null) {
      this.signal('SIGKILL');
      await until('the process is gone', () => this.ended !== null);
    }
    watchLines(this.output);
    expectCleanLogs();
  }
}
