import type { Facts } from '../../src/facts/facts.js';
import { addRule, createEngine } from '../../src/rules/engine.js';
import { Program } from '../../src/rules/program.js';
import type { EngineCondition } from '../../src/rules/read-conditions.js';
import type { Rule } from '../../src/rules/rule.js';
import type { RuleSet } from '../../src/rules/rule-set.js';

const NOWHERE = { file: 'generated.json', line: 1, column: 1 };

/** A rule set of conditions in json-rules-engine's form, made without files; the rules are called r0, r1, … */
export async function ruleSetOf(
  conditions: readonly EngineCondition[],
  named: ReadonlyMap<string, EngineCondition>,
  lists: RuleSet['lists'] = {},
): Promise<RuleSet> {
  const engine = createEngine(named, lists);
  const rules = conditions.map((condition, position): Rule => {
    const name = `r${position}`;
    return {
      name,
      description: null,
      priority: 1,
      enabled: true,
      mailboxes: null,
      mode: 'live',
      exclusive: null,
      stop: false,
      onUnknown: 'skip',
      validFrom: null,
      validUntil: null,
      location: NOWHERE,
      actions: [],
      conditions: addRule(engine, name, 1, condition),
    };
  });
  return {
    revision: 'generated',
    rules,
    program: await Program.compile(engine, rules, lists, () => Promise.resolve()),
    lists,
    conditionLocations: [NOWHERE],
    files: [],
  };
}

/** Facts of a message whose customer and lists are these. */
export function factsWith(customer: Facts['customer'], isCrmDown: boolean, lists: Facts['lists'] = {}): Facts {
  return {
    message: {
      id: 'm1',
      subject: 'Re: Water damage',
      subjectBase: 'Water damage',
      isReply: true,
      bodyText: null,
      received: '2026-11-24T08:30:00Z',
      timestamp: '2026-11-24T08:30:01Z',
      mailbox: 'claims@insurer.example',
      to: ['claims@insurer.example', 'lee@fabrikam.example'],
      cc: [],
      hasAttachments: false,
      conversationId: 'c1',
      internetMessageId: '<1@x.example>',
    },
    sender: {
      address: 'dana@northwind.example',
      name: 'Dana',
      local: 'dana',
      domain: 'northwind.example',
      registrableDomain: 'northwind.example',
      isFreeMail: false,
      isInternal: false,
      isNoReply: false,
      isAutoReply: false,
      onBehalfOf: null,
    },
    customer: isCrmDown ? null : customer,
    lookup: {
      state: isCrmDown ? 'unavailable' : 'found',
      matchedBy: isCrmDown ? null : 'email',
      source: 'crm',
      stale: false,
      ageSeconds: 0,
      incomplete: false,
    },
    conversation: { customFields: {} },
    now: '2026-11-24T09:00:00.000Z',
    lists,
  };
}
