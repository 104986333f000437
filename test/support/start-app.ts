import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeApp, createApp } from '../../src/app.setup.js';
import { readServiceConfig } from '../../src/config/service-config.js';
import { expectCleanLogs, keepSecret, keepSecretsOf, watchLines } from './clean-logs.js';
import { type Answer, send } from './http.js';
import { writeFiles } from './temp-folder.js';

export const SECRET = 'a-secret-of-the-tests-only';

/** What a test brings of its own: nothing of the repository's rules and customers is used. */
export interface WorkspaceFiles {
  /** Below the rules folder, by path: an object is written as JSON, a text as it stands. */
  readonly rules: Readonly<Record<string, unknown>>;
  /** Records of the one "file" provider, which has the `email` and `domain` columns. Default: nobody. */
  readonly customers?: readonly Readonly<Record<string, unknown>>[];
  /** `crm.json` instead of that provider; paths in it are relative to the workspace. */
  readonly crm?: unknown;
  /** `mailboxes.json`. Default: nothing is known of any mailbox. */
  readonly mailboxes?: unknown;
  /** Other files of the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder with everything that a service needs, outside the repository. */
export interface Workspace {
  readonly folder: string;
  readonly rulesDir: string;
  /** The variables that point a service at it, at a free port. */
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

const FILE_PROVIDER = { providers: [{ name: 'customers', type: 'file', path: './customers.json' }] };

export function makeWorkspace(workspace: WorkspaceFiles): Workspace {
  const { rules, customers = [], crm, mailboxes, files = {}, env = {} } = workspace;
  const folder = mkdtempSync(join(tmpdir(), 'enricher-app-'));
  const rulesDir = join(folder, 'rules');
  writeRules(rulesDir, rules);
  writeFiles(folder, {
    'crm.json': JSON.stringify(crm ?? FILE_PROVIDER),
    'customers.json': JSON.stringify(customers),
    'mailboxes.json': JSON.stringify(mailboxes ?? { mailboxes: {} }),
    ...files,
  });
  const own = {
    HOST: '127.0.0.1',
    PORT: '0',
    RULES_DIR: rulesDir,
    CRM_CONFIG: join(folder, 'crm.json'),
    MAILBOXES_CONFIG: join(folder, 'mailboxes.json'),
    DATABASE_URL: `file:${join(folder, 'data', 'enricher.db')}`,
  };
  keepSecret(SECRET);
  keepSecretsOf(env);
  const secret = 'WEBHOOK_SECRET_FILE' in env ? {} : { WEBHOOK_SECRET: SECRET };
  return {
    folder,
    rulesDir,
    env: { ...own, ...secret, ...env },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes rule files by path: an object as JSON, a text as it stands. */
export function writeRules(rulesDir: string, rules: Readonly<Record<string, unknown>>): void {
  const texts = Object.entries(rules).map(
    ([path, content]) => [path, typeof content === 'string' ? content : JSON.stringify(content, null, 2)] as const,
  );
  writeFiles(rulesDir, Object.fromEntries(texts));
}

/** What `/health/ready` says of the parts that tests look at. */
export interface Readiness {
  readonly status: number;
  readonly intake: { readonly draining: boolean; readonly inFlight: number };
  readonly rules: {
    readonly revision: string;
    readonly loadedAt: string;
    readonly lastRejected: { readonly faults: readonly { file: string; line: number; message: string }[] } | null;
  };
}

export async function readiness(url: string): Promise<Readiness> {
  const { status, text } = await send(`${url}/health/ready`, { method: 'GET' });
  const { details } = JSON.parse(text) as { details: Pick<Readiness, 'intake' | 'rules'> };
  return { status, intake: details.intake, rules: details.rules };
}

export async function isReady(url: string): Promise<boolean> {
  const { status } = await send(`${url}/health/ready`, { method: 'GET' });
  return status === 200;
}

/** A log line, parsed; it has more fields by what it tells of. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly context?: string;
  readonly requestId?: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Of all applications of the test file: a process has one logger, and that of the first stays. */
const linesOfFile: string[] = [];
const LOG: Parameters<typeof createApp>[1] = {
  write(line) {
    watchLines(line);
    linesOfFile.push(line);
  },
};

/** The real application on a free port. */
export class RunningApp implements AsyncDisposable {
  #closing: Promise<void> | undefined;
  readonly #firstLine = linesOfFile.length;

  private constructor(
    readonly url: string,
    readonly workspace: Workspace,
    private readonly app: Awaited<ReturnType<typeof createApp>>,
  ) {}

  static async start(files: WorkspaceFiles): Promise<RunningApp> {
    const workspace = makeWorkspace(files);
    try {
      const app = await createApp(readServiceConfig({ LOG_LEVEL: 'trace', ...workspace.env }), LOG);
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      return new RunningApp(`http://127.0.0.1:${port}`, workspace, app);
    } catch (error) {
      workspace.remove();
      throw error;
    }
  }

  /** What it logged, newest last. */
  get logLines(): readonly LogLine[] {
    return linesOfFile.slice(this.#firstLine).map((line) => JSON.parse(line) as LogLine);
  }

  /** The messages alone. */
  get logs(): readonly string[] {
    return this.logLines.map(({ msg }) => msg);
  }

  get webhookUrl(): string {
    return `${this.url}/webhooks/emailgistics`;
  }

  /** Delivers with the secret, over a connection of its own. */
  deliver(payload: unknown): Promise<Answer> {
    return send(this.webhookUrl, {
      headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
  }

  readiness(): Promise<Readiness> {
    return readiness(this.url);
  }

  /** Drains and stops, as a signal would; more calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= closeApp(this.app)
      .finally(() => this.workspace.remove())
      .then(expectCleanLogs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
