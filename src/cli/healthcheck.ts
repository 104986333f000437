const TIMEOUT_MS = 3_000;

/** Asks whether the service is ready. Light on purpose: it runs every few seconds as a container's health check. */
export async function healthcheck(
  url: string | undefined,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
): Promise<0 | 1> {
  const target = url ?? `http://${reachable(env['HOST'] || '127.0.0.1')}:${env['PORT'] || '3000'}/health/ready`;
  try {
    const response = await fetch(target, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    out.write(`${target}: ${response.status} ${await response.text()}\n`);
    return response.ok ? 0 : 1;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    out.write(`${target}: ${cause?.code ?? message}\n`);
    return 1;
  }
}

/** Where a service that listens on this address can be reached from here. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
