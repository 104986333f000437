import { afterEach, expect, jest, test } from '@jest/globals';
import { loadRuleFile } from '../../test/support/rule-files.js';
import { sampleDelivery } from '../../test/support/sample-delivery.js';
import { NOT_LOOKED_UP } from '../crm/lookup.service.js';
import { SendStore } from '../decisions/send-store.js';
import { readDelivery } from '../facts/read-delivery.js';
import { MailboxCatalogue } from '../mailboxes/mailbox-catalogue.js';
import type { RulesService } from '../rules/rules.service.js';
import { AddressHash } from '../shared/address-hash.js';
import { EnrichmentService } from './enrichment.service.js';
import { Intake } from './intake.js';
import { SendGuard } from './send-guard.js';

const DEADLINE_MS = 20_000;
const MESSAGES = 8;
const answer = (index: number) => ({
  name: `answer-${index}`,
  conditions: { all: [] },
  actions: [{ type: 'sendMessage', value: { body: `${index}`, bodyType: 'text' } }],
});

class SilentSends extends SendStore {
  override takeSends(): Promise<never> {
    return new Promise(() => undefined);
  }

  override purgeSends(): Promise<number> {
    return Promise.resolve(0);
  }
}

afterEach(() => {
  jest.useRealTimers();
});

test.each([
  [0, 500],
  [19_900, 50],
])(
  '%i ms after it came, a delivery waits %i ms at most for a silent store, whatever is sent',
  async (lateMs, waitedMs) => {
    const { ruleSet: current } = await loadRuleFile({
      rules: Array.from({ length: MESSAGES }, (_, index) => answer(index)),
    });
    jest.useFakeTimers();
    const nobody = () => Promise.resolve(NOT_LOOKED_UP);
    const service = new EnrichmentService(
      { current } as RulesService,
      { lookup: nobody, skip: () => NOT_LOOKED_UP },
      { current: MailboxCatalogue.EMPTY },
      new Intake(),
      {
        answerDeadlineMs: DEADLINE_MS,
        onUnavailable: 'error',
        sendGuard: new SendGuard(new SilentSends(), {
          windowMs: 60_000,
          hash: new AddressHash('key'),
          isStoreDown: () => false,
        }),
      },
    );
    const payload = sampleDelivery();
    const delivery = readDelivery(payload, { id: 'm1', event: 'received', mailbox: 'claims@insurer.example' });
    const enriched = service.enrich(delivery, performance.now() - lateMs);
    await jest.advanceTimersByTimeAsync(waitedMs);
    expect((await enriched).actions).toHaveLength(MESSAGES);
  },
);
