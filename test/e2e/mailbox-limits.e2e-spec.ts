import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCli } from '../support/run-cli.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { buildService } from '../support/service-process.js';
import { RunningApp } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

describe('the commands', () => {
  beforeAll(buildService);

  const files = (mailboxes: unknown) => ({
    'rules/a.json': JSON.stringify({ rules: [{ name: 'a', conditions: { all: [] }, actions: [VIP_TAG] }] }),
    'config/crm.json': '{ "providers": [] }',
    'config/mailboxes.json': JSON.stringify(mailboxes),
    'message.json': JSON.stringify(sampleDelivery()),
  });
  const VIP_TAG = { type: 'tag', value: { tags: ['VIP'] } };

  test('check prints the faults of the catalogue, and of a named one that is missing', async () => {
    const cwd = tempFolder(files({ mailboxes: { claims: {} } }));
    const faulty = await runCli(['check'], {}, cwd);
    expect(faulty.stdout).toContain('config/mailboxes.json:1:15  not the e-mail address of a mailbox: "claims"');
    expect(faulty.code).toBe(1);
    const missing = await runCli(['check', '--mailboxes', 'nowhere.json'], {}, cwd);
    expect(missing.stdout).toContain('nowhere.json:1:1  cannot read the mailbox catalogue (ENOENT)');
    expect(missing.code).toBe(1);
  });

  test('simulate leaves out what the service would, and says why', async () => {
    const cwd = tempFolder(files({ mailboxes: { 'claims@insurer.example': { tags: [] } } }));
    const { stdout } = await runCli(['simulate', '--message', 'message.json'], {}, cwd);
    expect(stdout).toContain('\nLeft out:\n  a: tag "VIP", the mailbox has no such tag\n');
    const json = await runCli(['simulate', '--message', 'message.json', '--format', 'json'], {}, cwd);
    expect(JSON.parse(json.stdout)).toMatchObject({
      suppressed: [{ rule: 'a', type: 'tag', part: 'VIP', reason: 'unknown_tag', wonBy: null }],
    });
  });
});

describe('a service with a catalogue', () => {
  const rules = {
    'a.json': {
      rules: [
        {
          name: 'greet',
          conditions: { all: [] },
          actions: [
            { type: 'tag', value: { tags: ['VIP', 'VPI', '{{ sender.name }}'] } },
            { type: 'assign', value: { mainAssignment: { users: ['joe cool', 'Nobody'] } } },
            { type: 'setCustomFields', value: { claim: '{{ message.subject }}', other: 'x' } },
          ],
        },
      ],
    },
  };
  const known = { customFields: [{ key: 'claim', pattern: '^\\d+$' }], tags: ['VIP'], users: ['Joe Cool'] };
  const mailboxes = { mailboxes: { 'claims@insurer.example': known } };
  const actionsOf = async (app: RunningApp, differences: Record<string, unknown> = {}) =>
    (JSON.parse((await app.deliver(sampleDelivery(differences))).text) as { message: string; actions: unknown[] })
      .actions;

  test('leaves out what the mailbox does not have, and warns without a value of the message', async () => {
    await using app = await RunningApp.start({ rules, mailboxes });
    const { text } = await app.deliver(sampleDelivery());
    expect(JSON.parse(text)).toEqual({
      status: 'success',
      message: 'No CRM was asked; 2 actions by 1 rule; left out 5 things that the mailbox does not have or take',
      actions: [
        { type: 'tag', value: { tags: ['VIP'] } },
        { type: 'assign', value: { mainAssignment: { users: ['joe cool'] } } },
      ],
    });
    expect(app.logs.find((line) => line.startsWith('acted'))).toContain('acted: 2 action(s), 5 left out, ');
    const warning = app.logs.find((line) => line.startsWith('Left out'));
    expect(warning).toBe(
      [
        'Left out: greet: tag "VPI", the mailbox has no such tag',
        'greet: tag, the mailbox has no such tag',
        'greet: assign "Nobody", the mailbox has no such user',
        `greet: setCustomFields "claim", the value does not fit the field's pattern`,
        'greet: setCustomFields "other", the mailbox has no such field',
      ].join('; '),
    );
    expect(app.logs.join('\n')).not.toMatch(/Dana|Water damage/);
  });

  test('checks nothing for a mailbox that it does not know', async () => {
    await using app = await RunningApp.start({ rules, mailboxes });
    expect(await actionsOf(app, { mailbox: 'Other@insurer.example' })).toHaveLength(3);
    expect(await actionsOf(app, { mailbox: 'CLAIMS@Insurer.example' })).toHaveLength(2);
  });

  test('reads a changed catalogue again, and says in health when it has a fault', async () => {
    await using app = await RunningApp.start({ rules, mailboxes });
    const file = join(app.workspace.folder, 'mailboxes.json');
    const health = async () =>
      (
        JSON.parse(await (await fetch(`${app.url}/health/ready`)).text()) as {
          details: { mailboxes: Record<string, unknown> };
        }
      ).details.mailboxes;
    expect(await health()).toEqual({ status: 'up', state: 'ok', mailboxes: 1, lastRejected: null });

    await writeFile(file, '{ "mailboxes": {\n  "claims": {} } }');
    await until('health tells of the fault', async () => (await health())['state'] === 'outdated');
    expect(await health()).toMatchObject({ mailboxes: 1, lastRejected: { faults: [{ file, line: 2, column: 3 }] } });
    expect(await actionsOf(app)).toHaveLength(2);
    expect(app.logs.join('\n')).toContain(`${file}:2:3  not the e-mail address of a mailbox: "claims"`);

    await writeFile(file, '{ "mailboxes": {} }');
    await until('health tells of the new content', async () => (await health())['state'] === 'none');
    expect(await actionsOf(app)).toHaveLength(3);
  });

  test('does not start on a fault, or without a file that somebody named', async () => {
    await expect(RunningApp.start({ rules, mailboxes: { mailbox: {} } })).rejects.toThrow(/did you mean "mailboxes"/);
    const env = { MAILBOXES_CONFIG: join(tempFolder(), 'nowhere.json') };
    await expect(RunningApp.start({ rules, env })).rejects.toThrow(/cannot read the mailbox catalogue \(ENOENT\)/);
  });
});
