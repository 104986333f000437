import type { ObjectReader } from '../../../files/object-reader.js';
import { constantText, missingIn } from './template.js';
import type { TemplateReader } from './template-reader.js';

/**
 * Reads the address at a key: https, or http on this machine; with `isHttpAllowed` http anywhere.
 *
 * @param onMissing is told of parameters that were not given
 */
export function readUrl(
  reader: ObjectReader,
  key: string,
  templates: TemplateReader,
  isHttpAllowed: boolean,
  onMissing: (parameters: readonly string[]) => void = () => undefined,
): URL | undefined {
  const template = templates.at(reader, key, 'url');
  if (template === undefined) return undefined;
  const missing = missingIn(template);
  if (missing.length > 0) {
    onMissing(missing);
    return undefined;
  }
  const text = constantText(template) ?? '';
  const problem = problemOf(text, isHttpAllowed);
  if (problem === null) return new URL(text);
  templates.refuse(reader, key, `"${key}" ${problem}`);
  return undefined;
}

function problemOf(text: string, isHttpAllowed: boolean): string | null {
  if (!URL.canParse(text)) return 'must be an address such as https://api.crm.example';
  const url = new URL(text);
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '') return 'must have no user, query or fragment';
  if (url.protocol === 'https:') return null;
  if (url.protocol !== 'http:') return 'must begin with https://';
  if (isLoopback(url.hostname) || isHttpAllowed) return null;
  return 'must begin with https://: secrets and addresses go there (a "http" provider may say "allowHttp": true)';
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
