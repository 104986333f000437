import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FileProvider } from '../../src/crm/providers/file.provider.js';
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
    const provider = provide(join(folder, 'c.csv'), { match: { email: 'mail', domain: 'site' } });
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
    ['c.csv', 'mail,full_name\na@b.example,x\n', /neither an "email" nor a "domain" column/],
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
    const folder = tempFolder({ 'c.csv': 'email,full_name\na@b.example,x\n' });
    await expect(provide(join(folder, 'c.csv'), { match: { email: 'e-mail' } }).check()).rejects.toThrow(
      'it has no column "e-mail", which "match" names',
    );
  });

  test('reads a changed file again, keeps the old content while the new has a fault, and heals', async () => {
    const path = join(tempFolder({ 'c.csv': 'email,full_name\ndana@northwind.example,Old\n' }), 'c.csv');
    const provider = provide(path);
    expect(await nameOf(provider)).toBe('Old');
    writeFileSync(path, 'email,full_name\ndana@northwind.example,New,excess\n');
    await until('the fault is noticed', () => provider.outdatedBecause() !== null);
    expect(await nameOf(provider)).toBe('Old');
    await expect(provider.check()).rejects.toThrow('Invalid Record Length');
    writeFileSync(`${path}.new`, 'email,full_name\ndana@northwind.example,New\n');
    renameSync(`${path}.new`, path);
    await until('the new content answers', async () => (await nameOf(provider)) === 'New');
    expect(provider.outdatedBecause()).toBeNull();
  });

  test('starts to answer when a missing file appears', async () => {
    const path = join(tempFolder(), 'c.csv');
    const provider = provide(path);
    await expect(provider.check()).rejects.toThrow('ENOENT');
    writeFileSync(path, 'email,full_name\ndana@northwind.example,Dana\n');
    await until('the file is read', async () => (await nameOf(provider).catch(() => null)) === 'Dana');
  });
});
