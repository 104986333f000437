import { normalMailbox } from '../facts/read-delivery.js';
import { readServiceConfig } from '../config/service-config.js';
import type { DecisionQuery, DecisionStore } from '../decisions/decision-store.js';
import { requireMailboxes } from '../mailboxes/mailboxes.service.js';
import { type BlastRadius, BlastRadiusTally } from '../replay/blast-radius.js';
import { type DecisionRange, readDecisions } from '../replay/read-decisions.js';
import { Replayer } from '../replay/replayer.js';
import { buildRuleSet, type LoadedRules } from '../rules/load-rules.js';
import type { RuleSet } from '../rules/rule-set.js';
import { KyselyRuleSets } from '../store/kysely-rule-sets.js';
import type { PrefetchOutput } from './crm-prefetch.js';
import { REPLAY_PRINTERS } from './print-replay.js';
import { ProgressLine } from './progress-line.js';
import { readRange } from './read-range.js';
import type { Refuse } from './refuse.js';
import { requireRules } from './require-rules.js';
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
  refuse: Refuse,
): Promise<0 | 1> {
  const range = readDecisionRange(options, refuse);
  const config = readServiceConfig({ ...env, RULES_DIR: options.rules ?? env['RULES_DIR'] });
  const { rulesDir, mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired } = config;
  const rules = await requireRules(rulesDir);
  const { ruleSet } = rules;
  const mailboxes = await requireMailboxes({ path, isRequired });
  const replayer = new Replayer(rules, (mailbox) => mailboxes.find(mailbox));
  const radius = await withStore(config.databaseUrl, ({ ask }) => {
    const find = async (revision: string) => {
      const accepted = await ask((store) => new KyselyRuleSets(store, config.decisions.days).find(revision, rulesDir));
      const load = accepted === null ? null : await buildRuleSet(accepted.files, { customerFields: null });
      return load?.ok === true ? load : null;
    };
    const decisions = { list: (query: DecisionQuery) => ask((_, kept) => kept.list(query)) };
    return replayAll(decisions, range, { replayer, ruleSet, find }, err);
  });
  const head = {
    folder: rulesDir,
    revision: ruleSet.revision,
    since: toIso(range.since),
    until: range.until === undefined ? null : toIso(range.until),
  };
  out.write(REPLAY_PRINTERS[options.format]({ ...head, ...radius }));
  return radius.changed > 0 ? 1 : 0;
}

interface Replay {
  readonly replayer: Replayer;
  readonly ruleSet: RuleSet;
  /** The rules that decided then, as they were accepted. */
  readonly find: (revision: string) => Promise<LoadedRules | null>;
}

async function replayAll(
  decisions: Pick<DecisionStore, 'list'>,
  range: DecisionRange,
  { replayer, ruleSet, find }: Replay,
  err: PrefetchOutput['err'],
): Promise<BlastRadius> {
  const tally = new BlastRadiusTally();
  const line = err.isTTY === true ? new ProgressLine(err) : null;
  let toldAt = performance.now();
  let count = 0;
  try {
    for await (const page of readDecisions(decisions, range)) {
      for (const revision of new Set(page.map(({ answer }) => answer.revision)))
        if (!replayer.knows(revision)) replayer.learn(revision, await find(revision));
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

function readDecisionRange({ mailbox, limit, ...given }: ReplayOptions, refuse: Refuse) {
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    refuse(`error: --limit "${limit}" is no whole number above 0`);
  return {
    ...readRange(given, refuse),
    ...(mailbox === undefined ? {} : { mailbox: normalMailbox(mailbox) }),
    limit: limit === undefined ? Infinity : Number(limit),
  };
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
