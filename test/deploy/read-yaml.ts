import { readFileSync } from 'node:fs';
import { loadAll, YAML11_SCHEMA } from 'js-yaml';

/** The documents of a file, by its path in the repository; `<<` is merged. */
export function readYaml(path: string): unknown[] {
  return loadAll(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), { schema: YAML11_SCHEMA });
}
