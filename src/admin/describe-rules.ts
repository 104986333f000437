import type { Fault } from '../files/fault.js';
import type { MailboxFilter, Rule } from '../rules/rule.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { RulesStatus } from '../rules/rules.service.js';

/** The running rules for people who look after them. */
export function describeRules(
  { revision, rules, files, lists }: RuleSet,
  { loadedAt, lastRejected }: RulesStatus,
  now: Date,
): object {
  return {
    revision,
    state: lastRejected === null ? 'current' : 'last_good',
    loadedAt: loadedAt.toISOString(),
    ageSeconds: Math.max(0, Math.round((now.getTime() - loadedAt.getTime()) / 1_000)),
    lastRejected: lastRejected && {
      at: lastRejected.at.toISOString(),
      faults: lastRejected.faults.map(describeFault),
    },
    files,
    lists: Object.keys(lists),
    rules: rules.map(describeRule),
  };
}

export function describeFault({ severity, file, line, column, message, code }: Fault): object {
  return { severity, file, line, column, message, ...(code === undefined ? {} : { code }) };
}

function describeRule(rule: Rule): object {
  const { name, description, priority, enabled, mailboxes, mode, exclusive, stop, onUnknown, location, actions } = rule;
  return {
    name,
    description,
    priority,
    enabled,
    mode,
    mailboxes: mailboxes && asWritten(mailboxes),
    exclusive,
    stop,
    onUnknown,
    validFrom: timeOrNull(rule.validFrom),
    validUntil: timeOrNull(rule.validUntil),
    location,
    actions: actions.map(({ type }) => type),
  };
}

function asWritten({ addresses, domains }: MailboxFilter): string[] {
  return [...addresses, ...[...domains].map((domain) => `*@${domain}`)];
}

function timeOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
