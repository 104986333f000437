import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Composition, composeActions } from '../../src/actions/compose-actions.js';
import { closeApp, createApp } from '../../src/app.setup.js';
import { readServiceConfig } from '../../src/config/service-config.js';
import { requireCrmConfig } from '../../src/crm/crm-config.js';
import { buildFacts, type LookupResult } from '../../src/facts/build-facts.js';
import { whatWasLeftOut } from '../../src/enrichment/describe-outcome.js';
import type { CustomerRecord, LookupFacts } from '../../src/facts/facts.js';
import { parseCsvRows } from '../../src/files/csv.js';
import { formatFault } from '../../src/files/fault.js';
import { requireMailboxes } from '../../src/mailboxes/mailboxes.service.js';
import { decide } from '../../src/rules/decide.js';
import type { Decision } from '../../src/rules/verdict.js';
import { loadRules } from '../../src/rules/load-rules.js';
import type { RuleSet } from '../../src/rules/rule-set.js';
import type { Envelope } from '../../src/enrichment/envelope.js';
import { parseDelivery } from '../../src/webhook/parse-delivery.js';
import { keepSecret, watchLines } from '../support/clean-logs.js';
import { tempFolder } from '../support/temp-folder.js';

const SECRET = 'samples-secret';
keepSecret(SECRET);
const CONFIG = readServiceConfig({
  WEBHOOK_SECRET: SECRET,
  ADDRESS_HASH_KEY: 'the-key-of-the-samples',
  LOG_LEVEL: 'trace',
  RULES_ON_ERROR: 'strict',
});

const MAILBOXES = await requireMailboxes({ path: CONFIG.mailboxesConfigFile, isRequired: true });

type Payload = Readonly<Record<string, unknown>>;

const KNOWN_CUSTOMER = await readJson<Payload>('../../samples/known-customer.json');
const STANDARD_CUSTOMER = await readJson<Payload>('../../samples/standard-customer.json');
const UNKNOWN_SENDER = await readJson<Payload>('../../samples/unknown-sender.json');

/** A message and what the sample rules make of it; one of the rules is what it is about. */
interface SampleCase {
  readonly name: string;
  readonly rule: string;
  /** Whether that rule matches; a case where it does not is one where a reader might think it does. */
  readonly fires: boolean;
  /** Rules that are switched on for the case. */
  readonly enable?: readonly string[];
  /** Fields of the payload that differ from `samples/unknown-sender.json`. */
  readonly message: Payload;
  readonly customer: CustomerRecord | null;
  /** What differs from a look-up that went well. */
  readonly lookup?: Partial<LookupFacts>;
  /** Default: in office hours. */
  readonly now?: string;
  /** Rules that match, in order, and the whole list of actions. */
  readonly expect: { readonly matched: readonly string[]; readonly actions: Composition['actions'] };
}

const CASES = await readJson<readonly SampleCase[]>('../cases/samples.json');
const CASES_BY_RULE = Object.entries(Object.groupBy(CASES, ({ rule }) => rule)) as [string, SampleCase[]][];

const VIP_ACTIONS = [
  {
    type: 'setCustomFields',
    name: 'Apply CRM context',
    value: { claimNumber: 'CLM-204881', policyNumber: 'POL-104233', region: 'Ontario' },
  },
  { type: 'tag', name: 'Tag VIP', value: { tags: ['VIP'] } },
  {
    type: 'assign',
    name: 'Assign to claims',
    value: { mainAssignment: { users: ['Joe Cool'], ignoreMaxMessages: true } },
  },
];

describe('The samples, sent to the service as it is delivered', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    app = await createApp(CONFIG, { write: watchLines });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });

  afterAll(() => closeApp(app));

  async function send(payload: Payload): Promise<Envelope> {
    const response = await app.inject({
      method: 'POST',
      url: '/webhooks/emailgistics',
      headers: { authorization: `Bearer ${SECRET}` },
      payload,
    });
    expect(response.statusCode).toBe(200);
    return response.json() as Envelope;
  }

  test('a gold customer gets context, the VIP tag and the claims desk, in this order', async () => {
    expect(await send(KNOWN_CUSTOMER)).toEqual({
      status: 'success',
      message: 'Customer found by address in "customers"; 3 actions by 2 rules',
      actions: VIP_ACTIONS,
    });
  });

  test('a silver customer gets context alone', async () => {
    expect(await send(STANDARD_CUSTOMER)).toEqual({
      status: 'success',
      message: 'Customer found by address in "customers"; 1 action by 1 rule',
      actions: [context('CLM-202182', 'POL-106170', 'Quebec')],
    });
  });

  test('an unknown sender gets nothing, and the answer says why', async () => {
    expect(await send(UNKNOWN_SENDER)).toEqual({
      status: 'success',
      message: 'No CRM record for the sender; no rule acts on this message',
    });
  });

  test.each([
    ['domain', 'office@mail.rowan-plumbing.example'],
    ['address without its tag', 'edmund.inverarity+van@rowan-plumbing.example'],
  ])('the only contact of a company is found by %s', async (by, address) => {
    expect(await send({ ...UNKNOWN_SENDER, from: from(address) })).toEqual({
      status: 'success',
      message: `Customer found by ${by} in "customers"; 1 action by 1 rule`,
      actions: [context('CLM-202182', 'POL-106170', 'Quebec')],
    });
  });

  test.each(['annegret@müller-spedition.example', 'Annegret@xn--mller-spedition-zvb.example'])(
    'a domain with an umlaut is found in either spelling: %s',
    async (address) => {
      expect((await send({ ...UNKNOWN_SENDER, from: from(address) })).actions).toEqual([
        context('CLM-201874', 'POL-104546', 'Quebec'),
      ]);
    },
  );

  test('a colleague of several contacts of a company is nobody in particular', async () => {
    expect(await send({ ...UNKNOWN_SENDER, from: from('office@thistledown-software.example') })).toEqual({
      status: 'success',
      message: 'More than one CRM record for the sender in "customers"; no rule acts on this message',
    });
  });

  test('a private customer is found at a free-mail address, and a stranger there is not', async () => {
    const customer = await send({ ...UNKNOWN_SENDER, from: from('sample-fiona-fontenoy@gmail.com') });
    expect(customer.actions).toEqual([
      { type: 'setCustomFields', name: 'Apply CRM context', value: { policyNumber: 'POL-102932', region: 'Quebec' } },
    ]);
    const stranger = await send({ ...UNKNOWN_SENDER, from: from('sample-nobody-here@gmail.com') });
    expect(stranger.message).toContain('No CRM record');
  });
});

describe('The sample rules', () => {
  let ruleSet: RuleSet;

  beforeAll(async () => {
    const { customerFields } = await requireCrmConfig(CONFIG.crmConfigFile, {});
    const load = await loadRules(CONFIG.rulesDir, { customerFields });
    if (!load.ok) throw new Error(load.faults.map(formatFault).join('\n'));
    expect(load.warnings).toEqual([]);
    ruleSet = load.ruleSet;
  });

  test('the gold customer of the samples gets the same answer at every hour of the week', async () => {
    const customer = {
      claimNumber: 'CLM-204881',
      policyNumber: 'POL-104233',
      region: 'Ontario',
      tier: 'gold',
      line: 'commercial',
      accountOwner: 'Joe Cool',
    };
    for (let hour = 0; hour < 7 * 24; hour++) {
      const now = new Date(Date.UTC(2026, 10, 23, hour)).toISOString();
      const { actions } = (await run(ruleSet, { message: KNOWN_CUSTOMER, customer, now })).composition;
      expect({ now, actions }).toEqual({ now, actions: VIP_ACTIONS });
    }
  });

  describe.each(CASES_BY_RULE)('%s', (_, cases) => {
    test.each(cases)('$name', async (sample) => {
      const { decision, composition } = await run(sample.enable ? await withEnabled(sample.enable) : ruleSet, sample);
      const matched = decision.verdicts.filter(({ verdict }) => verdict === 'matched').map(({ rule }) => rule);
      expect({ matched, actions: composition.actions }).toEqual(sample.expect);
      expect(whatWasLeftOut(composition.suppressed)).toEqual([]);
      expect(matched.includes(sample.rule)).toBe(sample.fires);
    });
  });

  test('every rule is seen firing, and staying silent where one would expect it to fire', () => {
    const names = ruleSet.rules.map(({ name }) => name).toSorted();
    const rulesWith = (fires: boolean) =>
      CASES_BY_RULE.filter(([, cases]) => cases.some((sample) => sample.fires === fires)).map(([rule]) => rule);
    expect(rulesWith(true).toSorted()).toEqual(names);
    expect(rulesWith(false).toSorted()).toEqual(names);
  });
});

test('the sample mailbox takes the claim and policy number of every sample customer, and has every account owner', async () => {
  const mailbox = MAILBOXES.find('claims@insurer.example');
  const [header = [], ...rows] = parseCsvRows(await readFile('config/customers.csv')).map(({ cells }) => cells);
  const column = (name: string) => rows.map((cells) => cells[header.indexOf(name)] ?? '');
  expect(rows.length).toBeGreaterThan(100);
  expect(column('claim_no').filter((value) => !mailbox?.mayTake('claimNumber', value))).toEqual([]);
  expect(column('policy_no').filter((value) => !mailbox?.mayTake('policyNumber', value))).toEqual([]);
  expect(column('account_owner').filter((name) => !mailbox?.mayHaveUser(name))).toEqual([]);
});

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')) as T;
}

function from(address: string) {
  return { emailAddress: { name: '', address } };
}

function context(claimNumber: string, policyNumber: string, region: string) {
  return { type: 'setCustomFields', name: 'Apply CRM context', value: { claimNumber, policyNumber, region } };
}

/** The sample rules with these switched on, without their tests. */
async function withEnabled(names: readonly string[]): Promise<RuleSet> {
  const folder = tempFolder();
  cpSync('rules', folder, { recursive: true, filter: (source) => !source.endsWith('.test.json') });
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const content = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      rules: { name: string; enabled?: boolean }[];
    };
    for (const rule of content.rules) if (names.includes(rule.name)) rule.enabled = true;
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
  const load = await loadRules(folder, { customerFields: null });
  if (!load.ok) throw new Error('the sample rules have faults');
  return load.ruleSet;
}

async function run(
  ruleSet: RuleSet,
  {
    message,
    customer,
    lookup,
    now = '2026-11-24T15:00:00Z',
  }: Pick<SampleCase, 'message' | 'customer' | 'lookup' | 'now'>,
): Promise<{ decision: Decision; composition: Composition }> {
  const parsed = parseDelivery({ ...UNKNOWN_SENDER, ...message });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  const facts = buildFacts(parsed.delivery, lookedUp(customer, lookup), new Date(now), ruleSet.lists);
  const decision = decide(ruleSet, facts);
  return { decision, composition: composeActions(decision.acting, facts, MAILBOXES.find(facts.message.mailbox)) };
}

function lookedUp(customer: CustomerRecord | null, lookup: Partial<LookupFacts> = {}): LookupResult {
  const outcome =
    customer === null
      ? ({ state: 'not_found', matchedBy: null } as const)
      : ({ state: 'found', matchedBy: 'email' } as const);
  return {
    customer,
    lookup: { ...outcome, source: 'customers', stale: false, ageSeconds: null, incomplete: false, ...lookup },
  };
}
