import { parseTemplate } from '../actions/text-template.js';
import type { PathSegments } from '../facts/fact-path.js';
import type { RuleSet } from './rule-set.js';

/** The fields of the customer that conditions and actions read, sorted; null when one takes the whole record. */
export function customerFieldsRead({ rules, program }: RuleSet): string[] | null {
  const texts = new Set(rules.flatMap(({ actions }) => actions.flatMap(({ literals }) => [...literals])));
  const inActions = [...texts].flatMap((text) => {
    const parsed = parseTemplate(text, { isHtml: false });
    return parsed.ok ? parsed.template.variables.map(({ segments }) => segments) : [];
  });
  const inConditions = program.slots.map(({ segments }) => segments);
  const fields = [...inConditions, ...inActions].filter(([fact]) => fact === 'customer').map(fieldOf);
  return fields.includes(null) ? null : [...new Set(fields.filter((field) => field !== null))].toSorted();
}

function fieldOf([, field]: PathSegments): string | null {
  return field === undefined ? null : String(field);
}
