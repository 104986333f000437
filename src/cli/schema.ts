import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readServiceConfig } from '../config/service-config.js';
import { crmSchema } from '../crm/crm-schema.js';
import { requireCrmConfig } from '../crm/crm-config.js';
import { connectorSchema } from '../crm/providers/http/connector-schema.js';
import type { Schema } from '../files/json-schema.js';
import { mailboxesSchema } from '../mailboxes/mailboxes-schema.js';
import { requireMailboxes } from '../mailboxes/mailboxes.service.js';
import { rulesSchema } from '../rules/rules-schema.js';
import { testsSchema } from '../rule-tests/tests-schema.js';

export interface SchemaOptions {
  /** Writes nothing; says which files differ. */
  readonly check?: boolean;
}

/**
 * Writes the JSON Schemas of everything that people edit beside what they edit. Those of rules and tests offer the customer's
 * fields and the mailboxes' tags, fields and users as they are configured.
 *
 * @returns 0, or with `check` 1 when a file is not what it would write
 * @throws EnricherError when the CRM configuration or the catalogue has faults
 */
export async function schema(
  { check = false }: SchemaOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
): Promise<0 | 1> {
  let differing = 0;
  for (const [path, content] of await schemaFiles(env)) {
    const text = `${JSON.stringify(content, null, 2)}\n`;
    if ((await readFile(path, 'utf8').catch(() => '')) === text) continue;
    differing++;
    if (check) {
      out.write(`${path} is not what "enricher schema" writes\n`);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    out.write(`wrote ${path}\n`);
  }
  if (differing === 0) out.write('the schemas are up to date\n');
  return check && differing > 0 ? 1 : 0;
}

async function schemaFiles(env: NodeJS.ProcessEnv): Promise<readonly (readonly [path: string, schema: Schema])[]> {
  const { rulesDir, crmConfigFile, mailboxesConfigFile, isMailboxesConfigRequired } = readServiceConfig(env);
  const { customerFields } = await requireCrmConfig(crmConfigFile, env);
  const catalogue = await requireMailboxes({ path: mailboxesConfigFile, isRequired: isMailboxesConfigRequired });
  const names = { customerFields, catalogue };
  return [
    [join(rulesDir, 'schema', 'rules.schema.json'), rulesSchema(names)],
    [join(rulesDir, 'schema', 'tests.schema.json'), testsSchema(names)],
    [join(dirname(crmConfigFile), 'schema', 'crm.schema.json'), crmSchema()],
    [join(dirname(crmConfigFile), 'schema', 'connector.schema.json'), connectorSchema()],
    [join(dirname(mailboxesConfigFile), 'schema', 'mailboxes.schema.json'), mailboxesSchema()],
  ];
}
