import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface YamlParser {
  readonly YAML11_SCHEMA: unknown;
  loadAll(text: string, options: { readonly schema: unknown }): unknown[];
}
/** What writes the OpenAPI page reads YAML, too; nothing else of ours needs a parser. */
const ofSwagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
const { loadAll, YAML11_SCHEMA } = ofSwagger('js-yaml') as YamlParser;

/** The documents of a file, by its path in the repository; `<<` is merged. */
export function readYaml(path: string): unknown[] {
  return loadAll(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), { schema: YAML11_SCHEMA });
}
