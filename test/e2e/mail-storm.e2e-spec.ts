import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';

const rule = (name: string, type: string, value: object) => ({
  name,
  conditions: { all: [] },
  actions: [{ type, name, value }],
});
const RULES = {
  rules: [
    rule('thanks', 'sendMessage', { body: 'Thank you', bodyType: 'text' }),
    rule('desk', 'forwardMessage', { toAddresses: ['desk@insurer.example'] }),
    rule('seen', 'tag', { tags: ['Seen'] }),
  ],
};
const ALL = ['sendMessage', 'forwardMessage', 'tag'];

const start = (file: string, env: Record<string, string> = {}) =>
  RunningApp.start({ rules: { 'rules.json': RULES }, env: { DATABASE_URL: `file:${file}`, ...env } });
const from = (address: string) => ({ from: { emailAddress: { name: 'Somebody', address } } });
let count = 0;
async function typesFor(app: RunningApp, more: object): Promise<string[]> {
  const { text } = await app.deliver(sampleDelivery({ id: `m${count++}`, conversationId: 'c1', ...more }));
  return ((JSON.parse(text) as { actions?: { type: string }[] }).actions ?? []).map(({ type }) => type);
}

describe('mail that a rule sends', () => {
  test('goes out once for each conversation, also after a restart', async () => {
    const file = join(tempFolder(), 'enricher.db');
    {
      await using app = await start(file);
      expect(await typesFor(app, {})).toEqual(ALL);
      expect(await typesFor(app, {})).toEqual(['tag']);
      expect(await typesFor(app, { conversationId: 'c2' })).toEqual(ALL);
      expect(app.logs.some((line) => line.includes('the rule sent a message into this conversation lately'))).toBe(
        true,
      );
    }
    await using app = await start(file);
    expect(await typesFor(app, {})).toEqual(['tag']);
  });

  test('goes out whole for one message of the conversation; a delivery with other content has it again', async () => {
    const mail = (body: string) => ({ type: 'sendMessage', name: body, value: { body, bodyType: 'text' } });
    const forward = { type: 'forwardMessage', value: { toAddresses: ['desk@insurer.example'] } };
    const two = { name: 'two', conditions: { all: [] }, actions: [mail('one'), forward, mail('two')] };
    await using app = await RunningApp.start({ rules: { 'rules.json': { rules: [two] } } });
    const sent = ['sendMessage', 'forwardMessage', 'sendMessage'];
    expect(await typesFor(app, { id: 'same' })).toEqual(sent);
    expect(await typesFor(app, { id: 'same', subject: 'Another' })).toEqual(sent);
    expect(await typesFor(app, { id: 'other' })).toEqual([]);
  });

  test('may be without a limit', async () => {
    await using app = await start(join(tempFolder(), 'enricher.db'), { SEND_WINDOW_MINUTES: '0' });
    expect([await typesFor(app, {}), await typesFor(app, {})]).toEqual([ALL, ALL]);
  });

  test('counts by itself while the store does not answer', async () => {
    await using app = await start('/dev/null/enricher.db', { DATA_DIR: tempFolder() });
    expect([await typesFor(app, {}), await typesFor(app, {})]).toEqual([ALL, ['tag']]);
  });

  test.each([
    ['an address that nobody reads', from('no-reply@x.example'), ['forwardMessage', 'tag']],
    ['an automatic answer', { subject: 'Out of office: back on Monday' }, ['tag']],
    ['the mailbox itself', from('claims@insurer.example'), ['forwardMessage', 'tag']],
  ])('never answers %s', async (_, more, types) => {
    await using app = await start(join(tempFolder(), 'enricher.db'));
    expect(await typesFor(app, more)).toEqual(types);
  });
});
