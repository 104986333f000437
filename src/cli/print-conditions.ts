import { formatPath, parsePath } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import { TRUE } from '../rules/compile-condition.js';
import type { EvaluatedCondition } from '../rules/engine.js';
import { isListReference, isTimed, listNameOf } from '../rules/engine-terms.js';
import { evaluateByReference } from '../rules/reference.js';
import type { RuleSet } from '../rules/rule-set.js';

/**
 * Every condition of every rule with what it read and whether it held, as json-rules-engine's own evaluation has it: nothing is
 * left out because something else had decided already.
 */
export async function printConditions({ rules, conditionLocations }: RuleSet, facts: Facts): Promise<string> {
  const lines: string[] = ['', 'All conditions, as json-rules-engine evaluates them:'];
  const print = (condition: EvaluatedCondition, depth: number): void => {
    const location = conditionLocations[condition.at];
    const place = location === undefined ? '' : `  (${location.file}:${location.line}:${location.column})`;
    lines.push(`${'  '.repeat(depth)}${condition.result === true ? '+' : '-'} ${describe(condition)}${place}`);
    for (const child of childrenOf(condition)) print(child, depth + 1);
  };
  for (const rule of rules) {
    const reference = await evaluateByReference(rule, facts);
    lines.push(`  ${rule.name}`);
    if (reference === null) lines.push('    it met a value that it cannot compare');
    else print({ ...reference.conditions, result: reference.truth === TRUE }, 2);
  }
  return `${lines.join('\n')}\n`;
}

function childrenOf({ all, any, not }: EvaluatedCondition): readonly EvaluatedCondition[] {
  return all ?? any ?? (not === undefined ? [] : [not]);
}

function describe(condition: EvaluatedCondition): string {
  const { all, any, not, fact = '', path, operator = '', value, valueResult, factResult } = condition;
  if (all !== undefined) return 'all';
  if (any !== undefined) return 'any';
  if (not !== undefined) return 'not';
  const name = formatPath([fact, ...(path === undefined ? [] : (parsePath(path) ?? []))]);
  const wanted = isListReference(value) ? listNameOf(value) : isTimed(value) ? value.params.value : valueResult;
  return `${name} is ${show(factResult)}; asked: ${operator} ${show(wanted)}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
