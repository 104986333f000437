import { normalMailbox } from '../facts/read-delivery.js';
import { readServiceConfig } from '../config/service-config.js';
import type { DecisionStore } from '../decisions/decision-store.js';
import { formatFault } from '../files/fault.js';
import { requireMailboxes } from '../mailboxes/mailboxes.service.js';
import { type BlastRadius, BlastRadiusTally } from '../replay/blast-radius.js';
import { type DecisionRange, readDecisions } from '../replay/read-decisions.js';
import { Replayer } from '../replay/replayer.js';
import { loadRules } from '../rules/load-rules.js';
import type { RuleSet } from '../rules/rule-set.js';
import { EnricherError } from '../shared/errors.js';
import type { PrefetchOutput } from './crm-prefetch.js';
import { REPLAY_PRINTERS } from './print-replay.js';
import { ProgressLine } from './progress-line.js';
import { readMoment, MOMENT } from '../rules/read-moment.js';
import { withStore } from './with-store.js';

export interface ReplayOptions {
  readonly rules?: string;
  readonly since: string;
  readonly until?: string;
  readonly mailbox?: string;
  readonly limit?: string;
  readonly format: 'text' | 'json';
}

const TELL_EVERY_MS = 10_000;

/**
 * Decides recorded messages again under the rules of a folder, and prints what would have changed. Nothing is written, and the service may
 * be running.
 *
 * @param refuse ends the command as wrongly used
 * @returns 0 when nothing would have changed, 1 when something would
 * @throws EnricherError when the rules have faults, or the database cannot be used
 */
export async function replay(
  options: ReplayOptions,
  env: NodeJS.ProcessEnv,
  { out, err }: PrefetchOutput,
  refuse: (message: string) => never,
): Promise<0 | 1> {
  const range = readRange(options, refuse);
  const config = readServiceConfig({ ...env, RULES_DIR: options.rules ?? env['RULES_DIR'] });
  const { rulesDir, mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired } = config;
  const ruleSet = await requireRules(rulesDir);
  const mailboxes = await requireMailboxes({ path, isRequired });
  const replayer = new Replayer(ruleSet, (mailbox) => mailboxes.find(mailbox));
  const radius = await withStore(config.databaseUrl, ({ ask }) =>
    replayAll({ list: (query) => ask((_, decisions) => decisions.list(query)) }, range, { replayer, ruleSet }, err),
  );
  const head = {
    folder: rulesDir,
    revision: ruleSet.revision,
    since: toIso(range.since),
    until: range.until === undefined ? null : toIso(range.until),
  };
  out.write(REPLAY_PRINTERS[options.format]({ ...head, ...radius }));
  return radius.changed > 0 ? 1 : 0;
}

async function replayAll(
  decisions: Pick<DecisionStore, 'list'>,
  range: DecisionRange,
  { replayer, ruleSet }: { replayer: Replayer; ruleSet: RuleSet },
  err: PrefetchOutput['err'],
): Promise<BlastRadius> {
  const tally = new BlastRadiusTally();
  const line = err.isTTY === true ? new ProgressLine(err) : null;
  let toldAt = performance.now();
  let count = 0;
  try {
    for await (const page of readDecisions(decisions, range)) {
      for (const row of page) tally.add(row, replayer.replay(row));
      count += page.length;
      const text = `${count.toLocaleString('en')} messages, up to ${toIso(page.at(-1)?.decidedAt ?? 0)}`;
      if (line !== null) line.show(text);
      else if (performance.now() - toldAt >= TELL_EVERY_MS) {
        toldAt = performance.now();
        err.write(`${text}\n`);
      }
    }
  } finally {
    line?.end();
  }
  return tally.sum(new Set(ruleSet.rules.map(({ name }) => name)));
}

/** Its tests are not run: `enricher test` does that. */
async function requireRules(folder: string): Promise<RuleSet> {
  const load = await loadRules(folder, { customerFields: null });
  if (load.ok) return load.ruleSet;
  const list = load.faults.map(formatFault).join('\n');
  throw new EnricherError('RULES_INVALID', `The rules in ${folder} have ${load.faults.length} fault(s):\n${list}`);
}

function readRange({ since, until, mailbox, limit }: ReplayOptions, refuse: (message: string) => never) {
  const now = Date.now();
  const moment = (name: string, text: string) =>
    readMoment(text, now) ?? refuse(`error: --${name} "${text}" is not ${MOMENT}`);
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    refuse(`error: --limit "${limit}" is no whole number above 0`);
  return {
    since: moment('since', since),
    ...(until === undefined ? {} : { until: moment('until', until) }),
    ...(mailbox === undefined ? {} : { mailbox: normalMailbox(mailbox) }),
    limit: limit === undefined ? Infinity : Number(limit),
  };
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
