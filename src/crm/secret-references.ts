import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type SecretResolution =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

const REFERENCE = /\$\{(env|file):([^}]+)\}/g;

/** The text with `${env:NAME}` and `${file:path}` replaced; messages name the reference, never a value. */
export function resolveSecrets(text: string, env: NodeJS.ProcessEnv, folder: string): SecretResolution {
  let message: string | undefined;
  const replaced = text.replace(REFERENCE, (reference, kind: 'env' | 'file', name: string) => {
    const value = kind === 'env' ? env[name.trim()] : readSecretFile(resolve(folder, name.trim()));
    if (value === undefined || value === '')
      message ??= `${reference} ${kind === 'env' ? 'is not set' : 'cannot be read or is empty'}`;
    return value ?? '';
  });
  return message === undefined ? { ok: true, text: replaced } : { ok: false, message };
}

function readSecretFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
