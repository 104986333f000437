import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { formatFault } from '../files/fault.js';
import { loadRules, type RulesLoad } from './load-rules.js';

const CUSTOMER_FIELDS = ['tier', 'claimNumber', 'region'];

async function load(files: Readonly<Record<string, string>>): Promise<RulesLoad & { folder: string }> {
  const folder = tempFolder(files);
  return { ...(await loadRules(folder, { customerFields: CUSTOMER_FIELDS })), folder };
}

/** What is wrong, each as `file:line:column  message`, the folder left out. */
async function faultsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const result = await load(files);
  const faults = result.ok ? result.warnings : result.faults;
  return faults.map((fault) => formatFault(fault).split('\n')[0]!.replaceAll(`${result.folder}/`, ''));
}

const ACTION = '{ "type": "tag", "value": { "tags": ["VIP"] } }';

/** A rule file in which `conditions` or `actions` of one rule are given; `▸` marks where the fault is expected. */
function ruleFile({
  conditions = '{ "all": [] }',
  actions = `[${ACTION}]`,
  more = '',
}: {
  conditions?: string;
  actions?: string;
  more?: string;
}) {
  return `{\n  "rules": [\n    {\n      "name": "one",${more}\n      "conditions": ${conditions},\n      "actions": ${actions}\n    }\n  ]\n}\n`;
}

function leaf(fact: string, operator: string, value: string): string {
  return `{ "all": [\n  { "fact": ${fact}, "operator": ${operator}, "value": ${value} } ] }`;
}

/** The text without its marker, and `line:column` of the marker. */
function unmark(marked: string): { text: string; place: string } {
  const at = marked.indexOf('▸');
  const before = marked.slice(0, at).split('\n');
  return { text: marked.replace('▸', ''), place: `${before.length}:${before.at(-1)!.length + 1}` };
}

type Case = readonly [name: string, marked: string, message: string];

const NO_NAME = 'template: a path begins with a plain name, as in customer.tier';
const ofFact = (name: string) => `template: "${name}" is a fact, give the variable another name`;

const ERRORS: readonly Case[] = [
  [
    'an unknown fact',
    ruleFile({ conditions: leaf('▸"custmer.tier"', '"equal"', '"gold"') }),
    'unknown fact "custmer.tier", did you mean "customer.tier"?',
  ],
  [
    'a fact that is none at all',
    ruleFile({ conditions: leaf('▸"weather"', '"equal"', '"gold"') }),
    'unknown fact "weather"',
  ],
  [
    'an unknown field of a fixed fact',
    ruleFile({ conditions: leaf('▸"message.subjct"', '"equal"', '"x"') }),
    'unknown field "message.subjct", did you mean "message.subject"?',
  ],
  [
    'an unknown field in a path',
    ruleFile({
      conditions: '{ "all": [{ "fact": "lookup", "path": ▸"$.stat", "operator": "equal", "value": "found" }] }',
    }),
    'unknown field "lookup.stat", did you mean "lookup.state"?',
  ],
  [
    'a field below a plain value',
    ruleFile({ conditions: leaf('▸"sender.domain.tld"', '"equal"', '"x"') }),
    '"sender.domain" has no "tld"',
  ],
  [
    'a path with a filter',
    ruleFile({
      conditions: '{ "all": [{ "fact": "customer", "path": ▸"$.a[?(@.b)]", "operator": "equal", "value": "x" }] }',
    }),
    '"$.a[?(@.b)]" is no plain path such as $.a.b[0]; filters and wildcards are not supported',
  ],
  [
    'an unknown operator',
    ruleFile({ conditions: leaf('"customer.tier"', '▸"equals"', '"gold"') }),
    'unknown operator "equals", did you mean "equal"?',
  ],
  [
    'an unknown decorator',
    ruleFile({ conditions: leaf('"customer.tier"', '▸"nott:equal"', '"gold"') }),
    'unknown decorator "nott:", did you mean "not"?',
  ],
  [
    'an unknown condition',
    `{ "conditions": { "vip": { "all": [] } }, "rules": [{ "name": "a", "conditions": { "condition": ▸"vpi" }, "actions": [${ACTION}] }] }`,
    'unknown condition "vpi", did you mean "vip"?',
  ],
  [
    'an unknown key of a rule',
    ruleFile({ more: '\n      ▸"prioriy": 5,' }),
    'unknown key "prioriy" in a rule, did you mean "priority"?',
  ],
  ['an unknown key of a file', `{ ▸"rulez": [] }`, 'unknown key "rulez" in a rule file, did you mean "rules"?'],
  [
    'an unknown key of a condition',
    ruleFile({ conditions: '{ "all": [{ ▸"facts": "now", "fact": "now", "operator": "exists", "value": true }] }' }),
    'unknown key "facts" in a condition, did you mean "fact"?',
  ],
  [
    'an unknown key of an action',
    ruleFile({ actions: '[{ "type": "tag", "value": { "tags": ["A"] }, ▸"vaule": {} }]' }),
    'unknown key "vaule" in an action, did you mean "value"?',
  ],
  [
    'an unknown list',
    ruleFile({ conditions: leaf('"sender.domain"', '"inList"', '▸"partnrs"') }),
    'unknown list "partnrs"',
  ],
  [
    'an unknown action type',
    ruleFile({ actions: '[{ "type": ▸"asign", "value": {} }]' }),
    'unknown action type "asign", did you mean "assign"?',
  ],
  [
    'an unknown template variable',
    ruleFile({ actions: '[{ "type": "setCustomFields", "value": { "a": "No. {{ ▸custmer.claimNumber }}" } }]' }),
    'unknown fact "custmer.claimNumber", did you mean "customer.claimNumber"?',
  ],
  [
    'an unknown field in a template, behind escapes',
    ruleFile({ actions: '[{ "type": "setCustomFields", "value": { "a": "\\"\\u00e9\\" {{ ▸sender.nme }}" } }]' }),
    'unknown field "sender.nme", did you mean "sender.name"?',
  ],
  [
    'an unknown template filter',
    ruleFile({ actions: '[{ "type": "tag", "value": { "tags": ["{{ sender.name | ▸upcaes }}"] } }]' }),
    'unknown template filter "upcaes", did you mean "upcase"?',
  ],
  [
    'a template that is not closed',
    ruleFile({ actions: '[{ "type": "tag", "value": { "tags": ["▸{{ sender.name"] } }]' }),
    'template: output "{{ sender.name" not closed',
  ],
  [
    'a template that reads a file',
    ruleFile({ actions: '[{ "type": "tag", "value": { "tags": ["▸{% include \'/etc/passwd\' %}"] } }]' }),
    'template: tag "include" not found',
  ],
  ...[
    [
      'a filter whose expression is a text',
      "{{ lists.letters | ▸where_exp: 'x', 'x == customer.tier' }}",
      'unknown template filter "where_exp"',
    ],
    ['a path that begins with a value', "{% assign k = 'customer' %}{{ ▸[k].tier }}", NO_NAME],
    ['a path that begins with a value, as a key', '{{ lists.letters[▸[customer.tier].region] }}', NO_NAME],
    ['a path that begins with a value, in a filter', '{{ sender.name | default: ▸[sender.domain] }}', NO_NAME],
    ['a path that begins with a text', "{{ ▸['customer'].tier }}", NO_NAME],
    ['a path that begins with a range', '{{ ▸(1..customer.tier)[0] }}', NO_NAME],
    ['a range as a key', '{{ customer.tier[▸(1..customer.region)] }}', 'template: a range is no key'],
    ['a fact assigned', "{% if false %}{% assign ▸customer = 'x' %}{% endif %}{{ customer.tier }}", ofFact('customer')],
    ['a fact captured', '{% if false %}{% capture ▸lookup %}x{% endcapture %}{% endif %}', ofFact('lookup')],
    ['a fact captured, in quotes', "{% capture '▸lookup' %}x{% endcapture %}", ofFact('lookup')],
    ['a fact incremented', '{% liquid\\n  increment ▸now\\n%}', ofFact('now')],
    ['a fact decremented', '{% unless true %}{% decrement ▸sender %}{% endunless %}', ofFact('sender')],
    ["a loop over a fact's name", '{% for ▸customer in message.to %}{% endfor %}', ofFact('customer')],
    ["a table over a fact's name", '{% tablerow ▸lists in message.to %}{% endtablerow %}', ofFact('lists')],
  ].map(([what, text, message]): Case => [
    what!,
    ruleFile({ actions: `[{ "type": "tag", "value": { "tags": ["${text}"] } }]` }),
    message!,
  ]),
  [
    'a duplicate name',
    `{ "rules": [\n{ "name": "a", "conditions": { "all": [] }, "actions": [${ACTION}] },\n{ "name": ▸"a", "conditions": { "all": [] }, "actions": [${ACTION}] }] }`,
    'duplicate rule "a", first defined at rules.json:2:11',
  ],
  ['a duplicate key', '{ "rules": [],\n  ▸"rules": [] }', 'duplicate key "rules", first written in line 1'],
  [
    '"any" beside "all"',
    ruleFile({ conditions: '{ "all": [], ▸"any": [] }' }),
    'a condition has one of "all", "any", "not", "condition"; here "all" stands beside it',
  ],
  [
    'an empty "any"',
    ruleFile({ conditions: '{ "any": ▸[] }' }),
    '"any" of nothing can never hold; for "always" write { "all": [] }',
  ],
  [
    'a cyclic condition',
    '{ "conditions": {\n  ▸"a": { "condition": "b" },\n  "b": { "not": { "condition": "a" } } } }',
    'the condition refers to itself: "a" → "b" → "a"',
  ],
  [
    'a condition that is itself',
    '{ "conditions": { ▸"a": { "all": [{ "condition": "a" }] } } }',
    'the condition refers to itself: "a" → "a"',
  ],
  [
    'a list where "in" needs one',
    ruleFile({ conditions: leaf('"customer.tier"', '"in"', '▸"gold"') }),
    '"in" needs a list of values, such as ["gold", "platinum"]',
  ],
  [
    'a number where one is needed',
    ruleFile({ conditions: leaf('"customer.premium"', '"greaterThan"', '▸"ten"') }),
    '"greaterThan" needs a number',
  ],
  [
    'a text where one is needed',
    ruleFile({ conditions: leaf('"message.subject"', '"startsWith"', '▸5') }),
    '"startsWith" needs text',
  ],
  [
    'a duration',
    ruleFile({ conditions: leaf('"message.received"', '"withinLast"', '▸"3 days"') }),
    '"withinLast" needs an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as "P30D" or "PT12H"',
  ],
  [
    'weekly hours in no time zone that exists',
    ruleFile({ conditions: leaf('"now"', '"withinHours"', '▸"Mon-Fri 09:00-17:00 Europe/Atlantis"') }),
    '"withinHours" needs weekly hours and an IANA time zone, such as "Mon-Fri 09:00-17:00 Europe/Berlin"',
  ],
  [
    'a time',
    ruleFile({ conditions: leaf('"customer.renewal"', '"before"', '▸"next week"') }),
    '"before" needs a date or time, such as "2026-11-24" or "2026-11-24T09:00:00Z"',
  ],
  [
    'a domain',
    ruleFile({ conditions: leaf('"sender.address"', '"inDomain"', '▸"not a domain"') }),
    '"inDomain" needs a domain, such as "northwind.example"',
  ],
  [
    'true or false',
    ruleFile({ conditions: leaf('"customer.tier"', '"exists"', '▸"yes"') }),
    '"exists" needs true or false',
  ],
  [
    'a bad regex',
    ruleFile({ conditions: leaf('"message.subject"', '"matches"', '▸"(abc"') }),
    '"matches" has a bad pattern: missing closing ): `(abc`',
  ],
  [
    'a regex of another dialect',
    ruleFile({ conditions: leaf('"message.subject"', '"matches"', '▸"a(?=b)"') }),
    '"matches" has a bad pattern: invalid or unsupported Perl syntax: `(?=`',
  ],
  [
    'a state that there is not',
    ruleFile({ conditions: leaf('"lookup.state"', '"equal"', '▸"foud"') }),
    '"lookup.state" is one of found, not_found, ambiguous, unavailable, no_sender, skipped, never "foud", did you mean "found"?',
  ],
  [
    'text for a yes-or-no field',
    ruleFile({ conditions: leaf('"message.isReply"', '"equal"', '▸"true"') }),
    '"message.isReply" is true or false, it is never "true"',
  ],
  [
    'an operator for lists on text',
    ruleFile({ conditions: leaf('"message.subject"', '▸"contains"', '"x"') }),
    '"contains" cannot apply to "message.subject", which is text, did you mean "containsText"?',
  ],
  [
    'an operator for text on a list',
    ruleFile({ conditions: leaf('"message.to"', '▸"startsWith"', '"x"') }),
    '"startsWith" cannot apply to "message.to", which is a list of texts, did you mean "someFact:startsWith"?',
  ],
  [
    'a list for "equal"',
    ruleFile({ conditions: leaf('"customer.tier"', '"equal"', '▸["gold"]') }),
    '"equal" needs text, a number, true, false or null',
  ],
  [
    'a leaf as the outermost condition',
    ruleFile({ conditions: '▸{ "fact": "now", "operator": "exists", "value": true }' }),
    'the outermost condition must be "all", "any", "not" or "condition"; write { "all": [ … ] } around this one',
  ],
  [
    'a condition without a value',
    ruleFile({ conditions: '{ "all": [▸{ "fact": "now", "operator": "exists" }] }' }),
    'a condition needs "value"',
  ],
  ['a list in "not"', ruleFile({ conditions: '{ "not": ▸[] }' }), '"not" takes one condition, not a list'],
  [
    'a rule without conditions',
    `{ "rules": [▸{ "name": "a", "actions": [${ACTION}] }] }`,
    'a rule needs "conditions"; { "all": [] } holds for every message',
  ],
  [
    'a rule without a name',
    `{ "rules": [▸{ "conditions": { "all": [] }, "actions": [${ACTION}] }] }`,
    'a rule needs "name"',
  ],
  [
    'a rule without actions',
    '{ "rules": [{ "name": "a", "conditions": { "all": [] }, "actions": ▸[] }] }',
    '"actions" must not be empty',
  ],
  [
    'a priority of zero',
    ruleFile({ more: '\n      "priority": ▸0,' }),
    '"priority" must be a whole number of at least 1, not 0',
  ],
  [
    'a priority in words',
    ruleFile({ more: '\n      "priority": ▸"high",' }),
    '"priority" must be a whole number of at least 1, not "high"',
  ],
  [
    'a mode that there is not',
    ruleFile({ more: '\n      "mode": ▸"shadw",' }),
    '"mode" must be one of live, shadow, not "shadw", did you mean "shadow"?',
  ],
  [
    'a mailbox that is no address',
    ruleFile({ more: '\n      "mailboxes": [▸"claims"],' }),
    'a mailbox is an address or "*@domain", not "claims"',
  ],
  [
    'dates the wrong way round',
    ruleFile({ more: '\n      "validFrom": "2026-12-01", "validUntil": ▸"2026-11-01",' }),
    '"validUntil" must be after "validFrom"',
  ],
  [
    'an assignment to nobody',
    ruleFile({ actions: '[{ "type": "assign", "value": { "mainAssignment": ▸{} } }]' }),
    'an assignment needs "users" or "assignToAnyUser": true',
  ],
  [
    'an assignment to users and to any user',
    ruleFile({
      actions: '[{ "type": "assign", "value": { "mainAssignment": { ▸"users": ["A"], "assignToAnyUser": true } } }]',
    }),
    'an assignment has "users" or "assignToAnyUser": true, not both',
  ],
  [
    'a message with two bodies',
    ruleFile({ actions: '[{ "type": "sendMessage", "value": { "templateName": "T", ▸"body": "B" } }]' }),
    'sendMessage has "templateName" or "body" and "bodyType", not both',
  ],
  [
    'a message with none',
    ruleFile({ actions: '[{ "type": "sendMessage", "value": ▸{ "subject": "S" } }]' }),
    'sendMessage needs "templateName", or "body" and "bodyType"',
  ],
  [
    'a forward to no address',
    ruleFile({ actions: '[{ "type": "forwardMessage", "value": { "toAddresses": [▸"underwriting"] } }]' }),
    'not an e-mail address',
  ],
  [
    'a fact of the message inside "someItem"',
    ruleFile({
      conditions: leaf(
        '"customer.claims"',
        '"someItem"',
        '{ "all": [{ "fact": ▸"message.id", "operator": "exists", "value": true }] }',
      ),
    }),
    'inside "someItem" a condition reads "item" or a field of it, not "message.id"',
  ],
  [
    '"someItem" without conditions',
    ruleFile({ conditions: leaf('"customer.claims"', '"someItem"', '▸"open"') }),
    '"someItem" needs a condition, such as {"all":[{"fact":"item.status","operator":"equal","value":"open"}]}',
  ],
  ['a missing comma', '{ "rules": []\n  ▸"conditions": {} }', 'not valid JSON: "," is expected here'],
  [
    'a comma too many',
    '{ "rules": [], ▸}',
    'not valid JSON: a key in double quotes is expected here (is there a comma too many?)',
  ],
  [
    'a truncated file',
    '{ "rules": [\n  { "name": "a",▸',
    'not valid JSON: a key in double quotes is expected here (is there a comma too many?)',
  ],
  ['a comment', '{\n  ▸// note\n  "rules": [] }', 'not valid JSON: comments are not allowed, use "description"'],
  ['an empty file', '▸', 'the file is empty'],
  ['a file of blanks', '▸ \n', 'the file is empty'],
  [
    'a pattern whose backslash JSON took for a backspace',
    ruleFile({ conditions: leaf('"message.subject"', '"matches"', '▸"\\bPOL"') }),
    '"matches" has a bad pattern: a backslash is written \\\\ in JSON: this pattern holds a backspace character',
  ],
  [
    'an address in upper case, which none ever is',
    ruleFile({ conditions: leaf('"sender.address"', '"equal"', '▸"Dana@Northwind.example"') }),
    '"sender.address" is lower case: write "dana@northwind.example"',
  ],
  [
    'a domain that is not in ASCII',
    ruleFile({ conditions: leaf('"sender.domain"', '"not:in"', '["a.example", ▸"bücher.example"]') }),
    '"sender.domain" is in normal form: write "xn--bcher-kva.example"',
  ],
  [
    'a recipient in upper case',
    ruleFile({ conditions: leaf('"message.to"', '"contains"', '▸"Claims@insurer.example"') }),
    '"message.to" is lower case: write "claims@insurer.example"',
  ],
  [
    'a recipient in upper case, entry by entry',
    ruleFile({ conditions: leaf('"message.cc"', '"someFact:equal"', '▸"A@b.example"') }),
    '"message.cc" is lower case: write "a@b.example"',
  ],
  [
    'a recipient that is a number',
    ruleFile({ conditions: leaf('"message.to"', '"contains"', '▸5') }),
    '"message.to" is a list of texts, it never holds 5',
  ],
  [
    'a wrong entry of a list',
    ruleFile({ conditions: leaf('"customer.tier"', '"in"', '["gold", ▸["silver"]]') }),
    '"in" needs a list of values, such as ["gold", "platinum"]',
  ],
  [
    'a state that there is not, among others',
    ruleFile({ conditions: leaf('"lookup.state"', '"in"', '["found", ▸"skiped"]') }),
    '"lookup.state" is one of found, not_found, ambiguous, unavailable, no_sender, skipped, never "skiped", did you mean "skipped"?',
  ],
  [
    'a wrong entry of a list that is taken apart',
    ruleFile({ conditions: leaf('"message.subject"', '"someValue:containsText"', '["flood", ▸5]') }),
    '"containsText" needs text',
  ],
  [
    'a day that no month has',
    ruleFile({ conditions: leaf('"message.received"', '"before"', '▸"2026-02-31"') }),
    '"before" needs a date or time, such as "2026-11-24" or "2026-11-24T09:00:00Z"',
  ],
  [
    'a rule until a day that no month has',
    ruleFile({ more: '\n      "validUntil": ▸"2026-04-31",' }),
    '"validUntil" must be a date or time, such as "2026-12-01" or "2026-12-01T09:00:00+01:00"',
  ],
  [
    'hours beyond midnight',
    ruleFile({ conditions: leaf('"now"', '"withinHours"', '▸"Mon-Fri 09:00-24:30"') }),
    '"withinHours" needs weekly hours and an IANA time zone, such as "Mon-Fri 09:00-17:00 Europe/Berlin"',
  ],
  [
    'a search in a fact that is no list',
    ruleFile({ conditions: leaf('"customer.tier"', '"in"', '▸{ "fact": "message.subject" }') }),
    '"in" cannot compare with "message.subject", which is text',
  ],
  [
    'two facts that are never of one type',
    ruleFile({ conditions: leaf('"message.received"', '"after"', '▸{ "fact": "message.isReply" }') }),
    '"after" cannot compare with "message.isReply", which is true or false',
  ],
  [
    '"swap:" that searches in a text',
    ruleFile({ conditions: leaf('"message.subject"', '▸"swap:in"', '"x"') }),
    '"in" cannot compare with "message.subject", which is text',
  ],
  [
    '"swap:" that needs a list as the value',
    ruleFile({ conditions: leaf('"customer.tier"', '"swap:contains"', '▸"gold"') }),
    '"swap:" puts the value in the place of the fact, and "contains" cannot apply to "gold"',
  ],
  [
    'an address in upper case behind "swap:"',
    ruleFile({ conditions: leaf('"message.to"', '"swap:in"', '▸"Claims@insurer.example"') }),
    '"message.to" is lower case: write "claims@insurer.example"',
  ],
  [
    'an exchange of an exchange',
    ruleFile({ conditions: leaf('"customer.tier"', '▸"swap:swap:equal"', '"gold"') }),
    '"swap:swap:" exchanges twice, so it has no effect',
  ],
  ['a blank name', ruleFile({}).replace('"one"', '▸" "'), '"name" must not be blank'],
  [
    'a blank tag',
    ruleFile({ actions: '[{ "type": "tag", "value": { "tags": ["VIP", ▸"  "] } }]' }),
    'an entry of "tags" must not be empty',
  ],
  [
    'a blank user',
    ruleFile({ actions: '[{ "type": "assign", "value": { "mainAssignment": { "users": [▸" "] } } }]' }),
    'an entry of "users" must not be empty',
  ],
  [
    'a blank address',
    ruleFile({ actions: '[{ "type": "forwardMessage", "value": { "toAddresses": [▸" "] } }]' }),
    'an address must not be empty',
  ],
  [
    'a forward to nobody',
    ruleFile({ actions: '[{ "type": "forwardMessage", "value": { "toAddresses": ▸[] } }]' }),
    '"toAddresses" must not be empty',
  ],
  [
    'spaces around the key of a field',
    ruleFile({ actions: '[{ "type": "setCustomFields", "value": { ▸" region": "x" } }]' }),
    'spaces around a custom field\'s key: write "region"',
  ],
  [
    'a template as the name of an action',
    ruleFile({ actions: '[{ "type": "tag", "name": ▸"Tag {{ customer.tier }}", "value": { "tags": ["A"] } }]' }),
    'the name of an action is no template, it holds no {{ or {%',
  ],
  [
    'nesting without end',
    `{ "rules": [], "conditions": ${'['.repeat(199)}▸${'['.repeat(9_800)}`,
    'nested more than 200 levels deep',
  ],
];

/** What is written, and what is offered instead; null for nothing. */
const FACT_SLIPS: readonly (readonly [written: string, meant: string | null])[] = [
  ['message.from', 'sender.address'],
  ['message.from.name', 'sender.name'],
  ['message.from.emailAddress.address', 'sender.address'],
  ['message.sender', 'sender.address'],
  ['from.address', 'sender.address'],
  ['sender.email', 'sender.address'],
  ['message.body', 'message.bodyText'],
  ['message.attachments', 'message.hasAttachments'],
  ['customFields.claimNumber', 'conversation.customFields.claimNumber'],
  ['message.customFields.claimNumber', 'conversation.customFields.claimNumber'],
  ['tier', 'customer.tier'],
  ['subject', 'message.subject'],
  ['mesage.subjct', 'message.subject'],
  ['custmer.tier', 'customer.tier'],
  ['nwo.address', null],
  ['message.zz', null],
  ['message.too', 'message.to'],
  ['sender.registrableDoman', 'sender.registrableDomain'],
];

test.each(FACT_SLIPS)('for the fact %s, %s is offered', async (written, meant) => {
  const faults = await faultsOf({ 'rules.json': ruleFile({ conditions: leaf(`"${written}"`, '"exists"', 'true') }) });
  expect(faults).toHaveLength(1);
  expect(/did you mean "(.*)"\?$/.exec(faults[0]!)?.[1] ?? null).toBe(meant);
});

test.each([
  ['is', '"equal"'],
  ['equals', '"equal"'],
  ['gt', '"greaterThan"'],
  ['<=', '"lessThanInclusive"'],
  ['regex', '"matches"'],
  ['notContains', '"doesNotContain" (of a list) or "not:containsText" (of a text)'],
  ['notExists', '"exists" with the value false'],
  ['notStartsWith', '"not:startsWith"'],
  ['graterThan', '"greaterThan"'],
  ['xyz', null],
])('for the operator %s, %s is offered', async (written, meant) => {
  const rules = ruleFile({ conditions: leaf('"customer.tier"', `"${written}"`, '"x"') });
  const [fault] = await faultsOf({ 'rules.json': rules });
  expect(fault).toContain(`unknown operator "${written}"`);
  expect(/did you mean (.*)\?$/.exec(fault!)?.[1] ?? null).toBe(meant);
});

test.each([
  [
    'columns separated by semicolons',
    'domain;tier\nacme.example;gold\n',
    1,
    'columns are separated by commas, not by ";"',
  ],
  [
    'a key that occurs twice',
    'domain,tier\nacme.example,gold\n\nb.example,gold\nacme.example,silver\n',
    5,
    'the key of this row is that of line 2',
  ],
])('a list with %s is rejected', async (_name, csv, line, message) => {
  expect(await faultsOf({ 'rules.json': ruleFile({}), 'lists/partners.csv': csv })).toEqual([
    `lists/partners.csv:${line}:1  ${message}`,
  ]);
});

test('an operand that makes sense behind "swap:" is accepted', async () => {
  const conditions = `{ "any": [
    { "fact": "message.to", "operator": "swap:in", "value": "claims@insurer.example" },
    { "fact": "message.subject", "operator": "swap:containsText", "value": "hail, storm" },
    { "fact": "customer.tier", "operator": "swap:contains", "value": ["gold", "platinum"] },
    { "fact": "customer.sum", "operator": "swap:lessThan", "value": "10" },
    { "fact": "message.subject", "operator": "matches", "value": "a\\tb" } ] }`;
  expect((await load({ 'rules.json': ruleFile({ conditions }) })).ok).toBe(true);
});

describe('a rule file with a fault is rejected with its exact place:', () => {
  test.each(ERRORS)('%s', async (_name, marked, message) => {
    const { text, place } = unmark(marked);
    expect(await faultsOf({ 'rules.json': text })).toContain(`rules.json:${place}  ${message}`);
    const result = await load({ 'rules.json': text });
    expect(result.ok).toBe(false);
  });
});

test('the fault of the design is printed with its line and a caret', async () => {
  const lines = Array.from({ length: 13 }, () => '');
  const rule = `{ "rules": [{ "name": "a", "actions": [${ACTION}], "conditions": { "all": [{`;
  const text = `${[rule, ...lines.slice(1)].join('\n')}\n        "fact": "custmer.tier", "operator": "equal", "value": "gold" }] } }] }`;
  const result = await load({ 'vip.json': text });
  if (result.ok) throw new Error('the rules were accepted');
  expect(formatFault(result.faults[0]!)).toBe(
    `${result.folder}/vip.json:14:17  unknown fact "custmer.tier", did you mean "customer.tier"?\n` +
      '  14 |         "fact": "custmer.tier", "operator": "equal", "value": "gold" }] } }] }\n' +
      '                       ^',
  );
});

test('all faults of all files are reported together, in order', async () => {
  const faults = await faultsOf({
    'b.json': ruleFile({ conditions: leaf('"weather"', '"equals"', '"x"') }),
    'a.json': '{ "rules": [',
    'lists/partners.csv': 'domain,tier\nacme.example,gold,extra\n',
    'c.json': `{ "rules": [{ "name": "one", "conditions": { "all": [] }, "actions": [${ACTION}] }] }`,
  });
  expect(faults.map((fault) => fault.split('  ')[0])).toEqual([
    'a.json:1:13',
    'b.json:6:13',
    'b.json:6:36',
    'lists/partners.csv:2:1',
  ]);
});

test('a field that no provider maps is a warning, not an error', async () => {
  const { text, place } = unmark(ruleFile({ conditions: leaf('▸"customer.teir"', '"equal"', '"gold"') }));
  expect(await faultsOf({ 'rules.json': text })).toEqual([
    `rules.json:${place}  warning: no CRM provider maps "customer.teir", did you mean "customer.tier"?`,
  ]);
  expect((await load({ 'rules.json': text })).ok).toBe(true);
});

test('a folder without a rule file is rejected', async () => {
  expect(await faultsOf({ 'notes.txt': 'x', 'claims.test.json': '{}', 'schema/rules.schema.json': '{}' })).toEqual([
    expect.stringMatching(/no rule file \(\*\.json\) in the rules folder$/),
  ]);
});

test('a file that is not UTF-8 is rejected', async () => {
  const folder = tempFolder({ 'rules.json': Buffer.from('{ "rules": [], "description": "\xe9" }', 'latin1') });
  const result = await loadRules(folder, { customerFields: null });
  expect(result.ok ? [] : result.faults.map(({ message }) => message)).toEqual(['the file is not UTF-8 text']);
});

test('test files, hidden files, schema and lists hold no rules', async () => {
  const rule = (name: string) =>
    `{ "rules": [{ "name": "${name}", "conditions": { "all": [] }, "actions": [${ACTION}] }] }`;
  const result = await load({
    'a.json': rule('a'),
    'deep/b.json': rule('b'),
    'a.test.json': '[]',
    '.hidden.json': '{ "broken": ',
    '..2026_11_24/a.json': rule('a'),
    'schema/rules.schema.json': '{}',
    'lists/tiers.json': '["gold"]',
  });
  expect(result.ok && result.ruleSet.rules.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(result.ok && result.ruleSet.lists).toEqual({ tiers: ['gold'] });
});

test('rules stand by priority, then file path, then position in the file', async () => {
  const rule = (name: string, priority: number) =>
    `{ "name": "${name}", "priority": ${priority}, "conditions": { "all": [] }, "actions": [${ACTION}] }`;
  const result = await load({
    'b.json': `{ "rules": [${rule('b1', 1)}, ${rule('b2', 9)}] }`,
    'a.json': `{ "rules": [${rule('a1', 1)}, ${rule('a2', 9)}, ${rule('a3', 1)}] }`,
  });
  expect(result.ok && result.ruleSet.rules.map(({ name }) => name)).toEqual(['a2', 'b2', 'a1', 'a3', 'b1']);
});

test('the revision follows the content of rules and lists, and nothing else', async () => {
  const files = { 'a.json': ruleFile({}), 'lists/tiers.json': '["gold"]' };
  const revision = async (changed: Readonly<Record<string, string>>) => {
    const result = await load({ ...files, ...changed });
    return result.ok ? result.ruleSet.revision : 'rejected';
  };
  const first = await revision({});
  expect(first).toMatch(/^[\da-f]{12}$/);
  expect(await revision({ 'notes.txt': 'x' })).toBe(first);
  expect(await revision({ 'lists/tiers.json': '["silver"]' })).not.toBe(first);
  expect(await revision({ 'a.json': ruleFile({ more: '"priority": 2,' }) })).not.toBe(first);
});
