import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FileProvider } from '../../src/crm/providers/file/file.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import { CONTRACT_CUSTOMERS, CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const columns = Object.keys(CONTRACT_CUSTOMERS[0]) as (keyof (typeof CONTRACT_CUSTOMERS)[0])[];
const csv = [
  columns.join(','),
  ...CONTRACT_CUSTOMERS.map((row) => columns.map((column) => `"${row[column]}"`).join(',')),
].join('\r\n');
const json = JSON.stringify(
  CONTRACT_CUSTOMERS.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ''))),
);

const providers: FileProvider[] = [];
afterEach(() => Promise.all(providers.splice(0).map((provider) => provider.close())));

function provide(path: string, more: Partial<ConstructorParameters<typeof FileProvider>[0]> = {}): FileProvider {
  const provider = new FileProvider({
    name: 'customers',
    path,
    fields: CONTRACT_FIELDS,
    match: {},
    pollMs: 20,
    ...more,
  });
  providers.push(provider);
  return provider;
}

describeCrmProvider('CSV file', () => provide(join(tempFolder({ 'c.csv': `\ufeff${csv}\r\n\r\n` }), 'c.csv')));
describeCrmProvider('JSON file', () => provide(join(tempFolder({ 'c.json': json }), 'c.json')));

describe('a file provider', () => {
  const dana = parseEmailAddress('dana@northwind.example')!;
  const nameOf = async (provider: FileProvider) => {
    const match = await provider.findByEmail(dana);
    return match.kind === 'found' ? match.record['name'] : match.kind;
  };

  test('passes every column under its own name when no field is mapped', async () => {
    const folder = tempFolder({
      'c.csv': 'email,Full Name,note\ndana@northwind.example,Dana,"two\nlines, ""quoted"""\n',
    });
    expect(await provide(join(folder, 'c.csv'), { fields: null }).findByEmail(dana)).toEqual({
      kind: 'found',
      record: { email: 'dana@northwind.example', 'Full Name': 'Dana', note: 'two\nlines, "quoted"' },
    });
  });

  test('finds by the columns that it is told', async () => {
    const folder = tempFolder({ 'c.csv': 'mail,site,full_name\nDANA@northwind.example,Northwind.EXAMPLE,Dana\n' });
    const provider = provide(join(folder, 'c.csv'), {
      match: { email: 'mail', domain: 'site' },
      fields: { name: 'full_name' },
    });
    expect(await nameOf(provider)).toBe('Dana');
    expect(await provider.findByDomain('northwind.example')).toMatchObject({ kind: 'found' });
  });

  test('keeps types and nesting of a JSON file', async () => {
    const folder = tempFolder({
      'c.json': '[{ "email": "dana@northwind.example", "full_name": { "first": "Dana" }, "claim_no": 7 }]',
    });
    expect(await provide(join(folder, 'c.json')).findByEmail(dana)).toEqual({
      kind: 'found',
      record: { name: { first: 'Dana' }, claimNumber: 7 },
    });
  });

  test.each([
    ['c.csv', 'email,full_name\na@b.example,x,y\n', /line 2: Invalid Record Length/],
    ['c.csv', 'mail,full_name,claim_no\na@b.example,x,1\n', /neither an "email" nor a "domain" column/],
    ['c.csv', 'mail,full_name,claim_no\n', /neither an "email" nor a "domain" column/],
    ['c.csv', '', /it is empty, without even a header row/],
    ['c.csv', '\r\n\n', /it is empty, without even a header row/],
    ['c.csv', 'email,full_na', /no column "full_name", which "fields" names, did you mean "full_na"\?/],
    ['c.csv', 'email,full_name\na@b.example,x\n', /no column "claim_no", which "fields" names/],
    ['c.csv', 'email,full_name,claim_no,email\n', /line 1: columns 1 and 4 of the header row have the same name/],
    ['c.csv', Buffer.from('email,full_name,claim_no\na@b.example,Ä,1\n', 'latin1'), /line 2: the file is not UTF-8/],
    [
      'c.json',
      '[{ "email": "a@b.example", "full_name": "x" }]',
      /no field "claim_no" in any record, which "fields" names/,
    ],
    ['c.json', '[{}]', /neither an "email" nor a "domain" field/],
    ['c.json', '{ "email": "a@b.example" }', /it must be an array of objects/],
    ['c.json', '[\n  { "email": ]', /line 2, column 14: not valid JSON/],
    ['none.csv', null, /ENOENT/],
  ])('refuses %s with %j, saying why, and answers nothing', async (file, content, reason) => {
    const folder = tempFolder(content === null ? {} : { [file]: content });
    const provider = provide(join(folder, file));
    await expect(provider.findByEmail(dana)).rejects.toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringMatching(reason),
    });
    await expect(provider.check()).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
  });

  test('refuses a file without the column that "match" names', async () => {
    const folder = tempFolder({ 'c.csv': 'email,domain,full_name,claim_no\n' });
    await expect(provide(join(folder, 'c.csv'), { match: { email: 'e-mail' } }).check()).rejects.toThrow(
      'it has no column "e-mail", which "match" names',
    );
  });

  test.each([
    ['c.csv', 'email,full_name,claim_no\n'],
    ['c.json', '[]'],
  ])('takes %s without a record when that is what it says', async (file, content) => {
    const provider = provide(join(tempFolder({ [file]: content }), file));
    expect(await nameOf(provider)).toBe('not_found');
    expect(provider.standing()).toEqual({ state: 'ok', message: null });
  });

  test('counts the rows that nobody can be found by, without their values', async () => {
    const folder = tempFolder({
      'c.csv':
        'email,domain,n\ndana@northwind.example,,1\n"a@x.example; b@x.example",,2\n,https://www.x.example/,3\n,,4\n,,\n,x.example,5\n',
    });
    const provider = provide(join(folder, 'c.csv'), { fields: null });
    await provider.check();
    expect(provider.standing()).toEqual({
      state: 'ok',
      message: '3 of 5 rows have no usable e-mail or domain; the first is row 2',
    });
  });

  test('reads a changed file again, keeps the old content while the new has a fault, and heals', async () => {
    const path = join(tempFolder({ 'c.csv': 'email,full_name\ndana@northwind.example,Old\n' }), 'c.csv');
    const provider = provide(path, { fields: { name: 'full_name' } });
    expect(await nameOf(provider)).toBe('Old');
    writeFileSync(path, 'email,full_name\ndana@northwind.example,New,excess\n');
    await until('the fault is noticed', () => provider.standing()?.state === 'outdated');
    expect(await nameOf(provider)).toBe('Old');
    await expect(provider.check()).rejects.toThrow('Invalid Record Length');
    writeFileSync(`${path}.new`, 'email,full_name\ndana@northwind.example,New\n');
    renameSync(`${path}.new`, path);
    await until('the new content answers', async () => (await nameOf(provider)) === 'New');
    expect(provider.standing()).toEqual({ state: 'ok', message: null });
  });

  test.each([
    ['an emptied file', ''],
    ['half a header', 'email,full_n'],
    ['a header of something else', 'id,full_name\n'],
  ])('keeps its customers over %s', async (_, content) => {
    const path = join(tempFolder({ 'c.csv': 'email,full_name\ndana@northwind.example,Dana\n' }), 'c.csv');
    const provider = provide(path, { fields: { name: 'full_name' } });
    expect(await nameOf(provider)).toBe('Dana');
    writeFileSync(path, content);
    await until('the fault is noticed', () => provider.standing()?.state === 'outdated');
    expect(await nameOf(provider)).toBe('Dana');
  });

  test('stands as misconfigured until its missing file appears, whether anybody asks or not', async () => {
    const path = join(tempFolder(), 'c.csv');
    const provider = provide(path, { fields: { name: 'full_name' } });
    const heard: string[] = [];
    provider.onStanding(({ state }) => heard.push(state));
    expect(provider.standing()).toBeNull();
    await expect(provider.check()).rejects.toThrow('ENOENT');
    expect(provider.standing()).toMatchObject({ state: 'misconfigured', message: expect.stringContaining('ENOENT') });
    writeFileSync(path, 'email,full_name\ndana@northwind.example,Dana\n');
    await until('the file is read', () => provider.standing()?.state === 'ok');
    expect(heard).toEqual(['misconfigured', 'ok']);
    expect(await nameOf(provider)).toBe('Dana');
  });

  test.each([
    ['more bytes', { maxBytes: 60 }, /it has 79 bytes, more than 60; for so many use a "sql" provider/],
    ['more rows', { maxRows: 2 }, /it has more than 2 rows; for so many use a "sql" provider/],
  ])('refuses a file of %s than it may have, and keeps its customers', async (_, limit, reason) => {
    const path = join(tempFolder({ 'c.csv': 'email,full_name\ndana@northwind.example,Dana\n' }), 'c.csv');
    const provider = provide(path, { fields: { name: 'full_name' }, ...limit });
    expect(await nameOf(provider)).toBe('Dana');
    writeFileSync(path, 'email,full_name\ndana@northwind.example,New\nlee@x.example,Lee\nkim@x.example,Kim\n');
    await until('the fault is noticed', () => provider.standing()?.state === 'outdated');
    expect(provider.standing()?.message).toMatch(reason);
    expect(await nameOf(provider)).toBe('Dana');
  });

  test.each(['csv', 'json'])(
    'lets other work go on while it reads a large %s file, and stops when closed',
    async (type) => {
      const rows = Array.from({ length: 100_000 }, (_, index) => ({ email: `p${index}@x.example`, full_name: 'Kim' }));
      const content =
        type === 'json'
          ? JSON.stringify(rows)
          : `email,full_name\n${rows.map((row) => Object.values(row).join()).join('\n')}`;
      const path = join(tempFolder({ [`c.${type}`]: content }), `c.${type}`);
      const provider = provide(path, { fields: { name: 'full_name' } });
      let turns = 0;
      let isRead = false;
      const count = () => {
        turns++;
        if (!isRead) setImmediate(count);
      };
      setImmediate(count);
      expect(await provider.findByEmail(parseEmailAddress('p99999@x.example')!)).toMatchObject({ kind: 'found' });
      isRead = true;
      expect(turns).toBeGreaterThan(3);
      const other = provide(path);
      const answer = other.findByEmail(dana);
      await other.close();
      await expect(answer).rejects.toMatchObject({ code: 'CRM_UNAVAILABLE', message: 'the provider was closed' });
    },
  );

  test('gives a column of any name as a field of that name', async () => {
    const folder = tempFolder({
      'c.csv': 'email,__proto__,toString\ndana@northwind.example,x,y\n',
      'c.json': '[{ "email": "dana@northwind.example", "__proto__": "x", "toString": "y" }]',
    });
    for (const file of ['c.csv', 'c.json']) {
      const match = await provide(join(folder, file), { fields: null }).findByEmail(dana);
      expect(match.kind === 'found' && Object.entries(match.record)).toEqual([
        ['email', 'dana@northwind.example'],
        ['__proto__', 'x'],
        ['toString', 'y'],
      ]);
    }
  });
});
