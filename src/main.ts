import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closeApp, createApp } from './app.setup.js';
import { warnOfMisspeltVariables } from './config/misspelt-variables.js';
import { readServiceConfig, type ServiceConfig } from './config/service-config.js';
import { forPeople } from './logs/for-people.js';
import { LogOutput } from './logs/log-output.js';
import { Metrics } from './metrics/metrics.js';
import { EnricherError } from './shared/errors.js';

/** Connections that wait to be taken in. Node's 511 are soon full, and one that is dropped comes again after seconds. */
const BACKLOG = 4096;
const SAMPLE_MESSAGE = fileURLToPath(new URL('../samples/known-customer.json', import.meta.url));

/**
 * Starts the service and stops it on SIGTERM or SIGINT.
 *
 * @throws EnricherError when it cannot start, with everything that is wrong
 */
export async function startService(env: NodeJS.ProcessEnv): Promise<void> {
  const log = new LogOutput(process.stdout.fd);
  process.on('exit', () => log.flushSync());
  const stopping = stopOnSignal(log);
  const given = readServiceConfig(env);
  const madeUpSecret = given.webhookSecrets.length > 0 ? null : makeUpSecret(given);
  const config = madeUpSecret === null ? given : { ...given, webhookSecrets: [madeUpSecret] };
  const app = await createApp(config, config.logPretty ? forPeople(log) : log);
  app.get(Metrics).countDroppedLines = () => log.dropped;
  warnOfMisspeltVariables(env);
  await listen(app, config);
  stopping.started(app, config);
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port(app)}`;
  announce(log, config, `enricher listens on ${url}/webhooks/emailgistics`);
  if (madeUpSecret !== null) log.write(firstDelivery(url, madeUpSecret));
}

type App = Awaited<ReturnType<typeof createApp>>;

/** Outside production a missing secret is made up for this one run; in production that would accept nobody, silently. */
function makeUpSecret({ isProduction }: ServiceConfig): string {
  if (!isProduction) return randomBytes(24).toString('base64url');
  throw new EnricherError(
    'ENVIRONMENT_INVALID',
    'WEBHOOK_SECRET or WEBHOOK_SECRET_FILE must be set in production (NODE_ENV=production)',
  );
}

async function listen(app: App, { host, port: wanted }: ServiceConfig): Promise<void> {
  try {
    await app.listen({ port: wanted, host, backlog: BACKLOG });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    const hint = code === 'EADDRINUSE' ? 'something listens there already; set PORT to a free one' : (code ?? 'failed');
    throw new EnricherError('ENVIRONMENT_INVALID', `Cannot listen on ${host}:${wanted}: ${hint}`, { cause: error });
  }
}

function port(app: App): number {
  return (app.getHttpServer().address() as { port: number }).port;
}

/** Tells, at whatever level logs are, in the form that they have. */
function announce(log: LogOutput, { logPretty }: ServiceConfig, msg: string): void {
  const line = logPretty ? msg : JSON.stringify({ level: 'info', time: new Date().toISOString(), msg });
  log.write(`${line}\n`);
}

function firstDelivery(url: string, secret: string): string {
  const reachable = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const data = existsSync(SAMPLE_MESSAGE)
    ? `@${SAMPLE_MESSAGE}`
    : '{"id":"1","event":"received","mailbox":"claims@insurer.example"}';
  return `
No WEBHOOK_SECRET is set: this one is valid until the process ends. Try it from another terminal:

curl -sS ${reachable}/webhooks/emailgistics -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/json' -d '${data.replaceAll("'", "'\\''")}'

`;
}

/** Handles signals from the very start; one that comes before the service listens ends it at once, since nothing is in flight. */
function stopOnSignal(log: LogOutput): { started(app: App, config: ServiceConfig): void } {
  let running: { readonly app: App; readonly config: ServiceConfig } | undefined;
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping || running === undefined) process.exit(running === undefined ? 0 : 1);
    isStopping = true;
    announce(log, running.config, `${signal}: answering the deliveries in flight, then stopping`);
    void end(running.app, log);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  return {
    started(app, config) {
      running = { app, config };
    },
  };
}

async function end(app: App, log: LogOutput): Promise<never> {
  const code = await closeApp(app).then(
    () => 0,
    () => 1,
  );
  await log.flush();
  process.exit(code);
}
