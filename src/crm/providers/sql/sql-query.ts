import { didYouMean } from '../../../files/did-you-mean.js';
import type { ObjectReader } from '../../../files/object-reader.js';
import type { StatementName } from './sql-client.js';
import { type SqlDialect, sqlTokens } from './sql-tokens.js';

/** What each query is bound to. */
const PARAMETERS = {
  byEmail: [':email', ':local', ':domain'],
  byDomain: [':domain'],
  changed: [':since', ':limit', ':offset'],
} as const satisfies Record<StatementName, readonly string[]>;

/**
 * The query at a key. Records, each at its place, what of a query a database would take and answer wrongly, or refuse only when it is asked:
 * a parameter that nobody binds (in SQLite it is NULL), and what follows the first statement.
 */
export function checkQuery(reader: ObjectReader, key: StatementName, dialect: SqlDialect): string | undefined {
  const sql = reader.string(key);
  if (sql === undefined) return undefined;
  const node = reader.get(key)!;
  const { document } = reader;
  const known: readonly string[] = PARAMETERS[key];
  const used = new Set<string>();
  let hasStatement = false;
  let hasEnded = false;
  let hasFault = false;
  const refuse = (index: number, message: string) => {
    hasFault = true;
    document.error(document.offsetInString(node, index), message);
  };
  for (const { kind, text, index } of sqlTokens(sql, dialect)) {
    if (kind === 'blank') continue;
    if (kind === 'end') {
      hasEnded = hasStatement;
      continue;
    }
    if (hasEnded) {
      refuse(index, `"${key}" must be one statement; here another begins`);
      break;
    }
    hasStatement = true;
    if (kind === 'positional') refuse(index, `values are bound by name (${known.join(', ')}), not by position`);
    if (kind === 'variable' && known.includes(text.replace('@', ':')))
      refuse(index, `"${text}" is a variable of the database's; what we bind is "${text.replace('@', ':')}"`);
    if (kind !== 'named') continue;
    used.add(text);
    if (!known.includes(text)) {
      const there = known.length === 1 ? 'there is' : 'there are';
      const hint = didYouMean(text, known);
      refuse(index, `unknown parameter "${text}" in "${key}"${hint} (${there} ${known.join(', ')})`);
    }
  }
  if (hasFault) return sql;
  const lack = hasStatement ? USES_TOO_LITTLE[key](used) : 'has no statement';
  if (lack !== null) document.error(node, `"${key}" ${lack}`);
  return sql;
}

const SAME_FOR_ALL = 'so it would find the same for everybody';

const USES_TOO_LITTLE: Readonly<Record<StatementName, (used: ReadonlySet<string>) => string | null>> = {
  byEmail: (used) =>
    used.has(':email') || (used.has(':local') && used.has(':domain'))
      ? null
      : `uses neither :email nor both :local and :domain, ${SAME_FOR_ALL}`,
  byDomain: (used) => (used.has(':domain') ? null : `does not use :domain, ${SAME_FOR_ALL}`),
  changed: (used) => {
    const missing = PARAMETERS.changed.filter((name) => !used.has(name));
    return missing.length === 0 ? null : `does not use ${missing.join(', ')}; it is asked for one page after another`;
  },
};
