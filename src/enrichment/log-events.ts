import { Logger } from '@nestjs/common';
import type { ProviderStatus } from '../crm/provider-statuses.js';
import { formatFault } from '../files/fault.js';
import type { MailboxesEvent } from '../mailboxes/mailboxes.service.js';
import type { RulesEvent } from '../rules/rules.service.js';

export function logRulesEvent(event: RulesEvent): void {
  const logger = new Logger('Rules');
  switch (event.kind) {
    case 'loaded':
      logger.log(
        `Revision ${event.ruleSet.revision} is live: ${event.ruleSet.rules.length} rules from ${event.ruleSet.files.length} files`,
      );
      for (const warning of event.warnings) logger.warn(formatFault(warning));
      break;
    case 'rejected':
      logger.error(
        `The rule files have ${event.faults.length} fault(s); revision ${event.running} stays:\n${event.faults.map(formatFault).join('\n')}`,
      );
      break;
    case 'not_kept':
      logger.warn(
        `Revision ${event.revision} is not kept for a restart with broken files (${event.reason}); it is tried again`,
      );
      break;
    case 'kept':
      logger.log(`Revision ${event.revision} is kept now`);
      break;
    case 'mended':
      logger.log(`The rule files are again those of revision ${event.running}, which is live`);
      break;
    case 'reload_failed':
      logger.error(`The changed rule files could not be looked at; the set that runs stays: ${event.reason}`);
      break;
    default:
      event satisfies never;
  }
}

export function logMailboxesEvent(event: MailboxesEvent): void {
  const logger = new Logger('Mailboxes');
  switch (event.kind) {
    case 'loaded':
      logger.log(`The catalogue knows ${event.catalogue.mailboxes.length} mailbox(es)`);
      break;
    case 'rejected':
      logger.warn(
        `The mailbox catalogue has ${event.faults.length} fault(s); what was read before stays:\n${event.faults.map(formatFault).join('\n')}`,
      );
      break;
    case 'reload_failed':
      logger.error(`The changed mailbox catalogue could not be looked at; what was read before stays: ${event.reason}`);
      break;
    default:
      event satisfies never;
  }
}

export function logStoreFault(reason: string): void {
  new Logger('Store').error(`The last known customers cannot be kept or read: ${reason}`);
}

export function logProviderStatus({ name, state, message }: ProviderStatus): void {
  const logger = new Logger('CRM');
  if (state === 'ok') {
    logger.log(`Provider "${name}" answers`);
    if (message !== null) logger.warn(`Provider "${name}": ${message}`);
  } else if (state === 'misconfigured') logger.error(`Provider "${name}" is misconfigured: ${message}`);
  else logger.warn(`Provider "${name}" is ${state}: ${message}`);
}

export function logChanged(decidedAt: number | null): void {
  const what = decidedAt === null ? 'is being decided' : `was decided at ${new Date(decidedAt).toISOString()}`;
  new Logger('Webhook').warn(`A message that ${what} came again with another content; it is decided afresh`);
}
