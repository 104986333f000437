import type { OperatorDefinition, Operators } from './operator-definition.js';
import { parseDuration, parseTime, parseWeeklyHours } from './time-values.js';

const comparison = (
  description: string,
  example: string,
  compare: (fact: number, limit: number) => boolean,
): OperatorDefinition => ({
  description,
  example,
  facts: ['time'],
  value: 'any',
  valueFacts: ['time', 'text'],
  check: (value) =>
    parseTime(value) === null ? 'needs a date or time, such as "2026-11-24" or "2026-11-24T09:00:00Z"' : null,
  prepare: (value) => {
    const limit = parseTime(value);
    return (fact) => {
      const moment = parseTime(fact);
      return moment !== null && limit !== null && compare(moment, limit);
    };
  },
});

export const TIME_OPERATORS: Operators = {
  before: comparison('is a time before', '2026-12-31', (fact, limit) => fact < limit),
  after: comparison('is a time after', '2026-01-01', (fact, limit) => fact > limit),
  withinLast: {
    description: 'is a time within this long before now (ISO 8601 duration)',
    example: 'P30D',
    facts: ['time'],
    value: 'literal',
    check: (value) =>
      typeof value === 'string' && parseDuration(value) !== null
        ? null
        : 'needs an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as "P30D" or "PT12H"',
    prepare: (value) => {
      const length = parseDuration(String(value)) ?? 0;
      return (fact, now) => {
        const moment = parseTime(fact);
        const end = Date.parse(now);
        return moment !== null && moment <= end && moment >= end - length;
      };
    },
  },
  withinHours: {
    description: 'is a time within these weekly hours, in an IANA time zone (default UTC)',
    example: 'Mon-Fri 09:00-17:00 Europe/Berlin',
    facts: ['time'],
    value: 'literal',
    check: (value) =>
      typeof value === 'string' && parseWeeklyHours(value) !== null
        ? null
        : 'needs weekly hours and an IANA time zone, such as "Mon-Fri 09:00-17:00 Europe/Berlin"',
    prepare: (value) => {
      const isWithin = parseWeeklyHours(String(value));
      return (fact) => {
        const moment = parseTime(fact);
        return moment !== null && isWithin !== null && isWithin(moment);
      };
    },
  },
};
