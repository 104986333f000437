import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { misspeltVariables } from '../config/misspelt-variables.js';
import { EnricherError } from '../shared/errors.js';
import { check } from './check.js';

/**
 * The error with everything else that would keep the service from starting: it stops at the first thing, but whoever mends it
 * wants all of them.
 */
export async function explainFailedStart(error: unknown, env: NodeJS.ProcessEnv): Promise<unknown> {
  if (!(error instanceof EnricherError)) return error;
  const explained = await withFindings(error, env);
  const misspelt = error.code === 'ENVIRONMENT_INVALID' ? misspeltVariables(env) : [];
  if (misspelt.length === 0) return explained;
  return new EnricherError(error.code, [explained.message, ...misspelt].join('\n'), { cause: error });
}

async function withFindings(error: EnricherError, env: NodeJS.ProcessEnv): Promise<EnricherError> {
  const out = new PassThrough();
  const printed = text(out);
  const code = await check({ format: 'text', offline: true }, env, out);
  out.end();
  const findings = await printed;
  if (code === 0 || findings.includes(error.message))
    return code === 0 ? error : new EnricherError(error.code, findings.trimEnd());
  const isAmongThem = ['RULES_INVALID', 'CRM_CONFIG_INVALID', 'MAILBOXES_INVALID'].includes(error.code);
  return new EnricherError(error.code, `${isAmongThem ? '' : `${error.message}\n`}${findings.trimEnd()}`, {
    cause: error,
  });
}
