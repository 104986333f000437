import { RE2JS } from 're2js';
import { asciiDomain } from '../shared/email-address.js';
import type { OperatorDefinition, Operators } from './operator-definition.js';

/** Compares texts in lower case; facts that are no text never match. */
const folded = (
  description: string,
  example: string,
  compare: (fact: string, wanted: string) => boolean,
): OperatorDefinition => ({
  description,
  example,
  facts: ['text'],
  value: 'any',
  valueFacts: ['text', 'time'],
  check: (value) => (typeof value === 'string' && value !== '' ? null : 'needs text'),
  ignoresCase: true,
  prepare: (value) => {
    const wanted = String(value).toLowerCase();
    return (fact) => typeof fact === 'string' && compare(fact, wanted);
  },
});

export const TEXT_OPERATORS: Operators = {
  containsText: folded('is text with this text in it, in any case', 'invoice', (fact, wanted) => fact.includes(wanted)),
  startsWith: folded('is text that starts with this, in any case', 'INV-', (fact, wanted) => fact.startsWith(wanted)),
  endsWith: folded('is text that ends with this, in any case', '.example', (fact, wanted) => fact.endsWith(wanted)),
  matches: {
    description: 'is text in which this RE2 pattern is found; (?i) in front ignores case',
    example: '(?i)\\bPOL-\\d{6}\\b',
    facts: ['text'],
    value: 'literal',
    check: checkPattern,
    prepare: (value) => {
      const pattern = RE2JS.compile(String(value));
      return (fact) => typeof fact === 'string' && pattern.test(fact);
    },
  },
  inDomain: {
    description: 'is an address or domain in this domain or below it',
    example: 'northwind.example',
    facts: ['text'],
    value: 'any',
    valueFacts: ['text'],
    check: (value) =>
      typeof value === 'string' && asciiDomain(value.replace(/^@/, '')) !== null
        ? null
        : 'needs a domain, such as "northwind.example"',
    prepare: (value) => {
      const domain = asciiDomain(String(value).replace(/^@/, ''));
      return (fact) =>
        domain !== null &&
        typeof fact === 'string' &&
        isBelow(asciiDomain(fact.slice(fact.lastIndexOf('@') + 1)), domain);
    },
  },
};

function checkPattern(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'needs a pattern';
  // Line breaks and tabs mean in a pattern what they are; \b does not.
  const control = /[\p{Cc}--[\t\n\r\f\v]]/v.exec(value)?.[0];
  if (control !== undefined) {
    const name = control === '\b' ? 'backspace' : 'control';
    return `has a bad pattern: a backslash is written \\\\ in JSON: this pattern holds a ${name} character`;
  }
  try {
    RE2JS.compile(value);
    return null;
  } catch (error) {
    return `has a bad pattern: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`;
  }
}

function isBelow(domain: string | null, parent: string): boolean {
  return domain !== null && (domain === parent || domain.endsWith(`.${parent}`));
}
