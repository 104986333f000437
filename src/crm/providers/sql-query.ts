import { didYouMean } from '../../files/did-you-mean.js';
import type { ObjectReader } from '../../files/object-reader.js';

/** What each query is bound to. */
const PARAMETERS = { byEmail: [':email', ':local', ':domain'], byDomain: [':domain'] } as const;

/** @source sqlite.org/lang_expr.html, "Parameters"; sqlite.org/lang_keywords.html for the four quotes; lang_comment.html */
const TOKEN = new RegExp(
  [
    String.raw`(?<blank>\s+|--[^\n]*|/\*[^]*?(?:\*/|$))`,
    String.raw`(?<quoted>'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|\x60[^\x60]*(?:\x60|$)|\[[^\]]*(?:\]|$))`,
    String.raw`(?<word>[\w\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<positional>\?\d*)`,
    String.raw`(?<named>[:@$][\w\u0080-\uffff]+)`,
    String.raw`(?<end>;)`,
    String.raw`[^]`,
  ].join('|'),
  'g',
);

/**
 * The query at a key. Records, each at its place, what of a query SQLite would take and answer wrongly: a parameter that nobody binds is
 * NULL, and what follows the first statement is never run.
 */
export function checkQuery(reader: ObjectReader, key: keyof typeof PARAMETERS): string | undefined {
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
  for (const { index, 0: token, groups = {} } of sql.matchAll(TOKEN)) {
    if (groups['blank'] !== undefined) continue;
    if (groups['end'] !== undefined) {
      hasEnded = hasStatement;
      continue;
    }
    if (hasEnded) {
      refuse(index, `"${key}" must be one statement; here another begins`);
      break;
    }
    hasStatement = true;
    if (groups['positional'] !== undefined)
      refuse(index, `values are bound by name (${known.join(', ')}), not by position`);
    if (groups['named'] === undefined) continue;
    used.add(token);
    if (!known.includes(token)) {
      const there = known.length === 1 ? 'there is' : 'there are';
      const hint = didYouMean(token, known);
      refuse(index, `unknown parameter "${token}" in "${key}"${hint} (${there} ${known.join(', ')})`);
    }
  }
  if (hasFault) return sql;
  if (!hasStatement) document.error(node, `"${key}" has no statement`);
  else if (!tellsApart(key, used)) document.error(node, `"${key}" ${USES_NOTHING[key]}`);
  return sql;
}

function tellsApart(key: keyof typeof PARAMETERS, used: ReadonlySet<string>): boolean {
  return key === 'byDomain' ? used.has(':domain') : used.has(':email') || (used.has(':local') && used.has(':domain'));
}

const USES_NOTHING = {
  byEmail: 'uses neither :email nor both :local and :domain, so it would find the same for everybody',
  byDomain: 'does not use :domain, so it would find the same for everybody',
} as const;
