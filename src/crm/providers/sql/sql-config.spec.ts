import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { readCrmConfig } from '../../crm-config.js';

const POSTGRES = 'postgres://reader:secret-word@db.example/crm';
const MYSQL = 'mysql://reader:secret-word@db.example/crm';
const BY_EMAIL = 'SELECT tier FROM c WHERE email = :email';
const CHANGED = 'SELECT * FROM c WHERE at >= :since ORDER BY id LIMIT :limit OFFSET :offset';

/** `line:column  message` of each fault of a provider, one key a line: the url is on line 5, the next key on line 6. */
async function faultsOf(keys: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const provider = { type: 'sql', ...keys };
  const folder = tempFolder({
    'crm.json': JSON.stringify({ providers: [provider] }, null, 1),
    'ca.pem': 'a certificate',
  });
  const read = await readCrmConfig(join(folder, 'crm.json'), env);
  return read.ok ? [] : read.faults.map(({ line, column, message }) => `${line}:${column}  ${message}`);
}

test.each([
  [POSTGRES],
  [POSTGRES.replace('postgres:', 'postgresql:')],
  [`${POSTGRES}?sslmode=verify-full&application_name=desk&options=-c%20search_path%3Dcrm`],
  ['postgres:///crm?host=/var/run/postgresql'],
  [MYSQL],
  [MYSQL.replace('mysql:', 'mariadb:')],
  [`${MYSQL}?sslmode=require&sslrootcert=ca.pem`],
  [`${MYSQL}?ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem`],
  [`${MYSQL}?sslmode=no-verify&socket=/run/mysqld.sock`],
  ['mysql://reader:p%40ss@[::1]:3307/crm'],
  ['file:./c.db'],
])('%s is an address', async (url) => {
  expect(await faultsOf({ url, byEmail: BY_EMAIL, changed: CHANGED })).toEqual([]);
});

test.each([
  ['customers.db', /begin with file: \(SQLite\), postgres:\/\/ or mysql:\/\//],
  ['sqlserver://reader:secret-word@db.example/crm', /begin with file:/],
  ['postgres://reader:secret-word@db.example:port/crm', /^5:11 {2}"url": it is no address; user and password must be/],
  ['postgres://reader:secret%word@db.example/crm', /^5:11 {2}"url": it is no address; user and password must be/],
  [
    `${POSTGRES}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`,
    /"url": a file that it names cannot be read \(ENOENT\)/,
  ],
  ['mysql://reader:secret%word@db.example/crm', /^5:11 {2}"url": it is no address; user and password must be/],
  [
    `${MYSQL}?sslmod=require`,
    /unknown parameter "sslmod", did you mean "sslmode"\? \(there are sslmode, sslrootcert, socket\)/,
  ],
  [`${MYSQL}?multipleStatements=true`, /unknown parameter "multipleStatements"/],
  [`${MYSQL}?sslmode=maybe`, /"sslmode" is one of disable, prefer, require/],
  [`${MYSQL}?sslrootcert=nowhere.pem`, /"url": a file that it names cannot be read \(ENOENT\)/],
])('%s is none, and the fault does not repeat it', async (url, fault) => {
  const faults = await faultsOf({ url, byEmail: BY_EMAIL });
  expect(faults).toEqual([expect.stringMatching(fault)]);
  expect(faults.join()).not.toMatch(/secret/);
});

test.each([
  ['a dollar-quoted text', POSTGRES, 'SELECT $$ :x ? $1 $$, $q$ $$ :x $q$ FROM c WHERE e = :email'],
  ['casts', POSTGRES, "SELECT '1'::int::text FROM c WHERE e = :email::text"],
  ['escapes', POSTGRES, "SELECT E'it\\'s :x', e'\\\\' FROM c WHERE e = :email"],
  ['a backslash at the end of a text', POSTGRES, "SELECT 'c:\\' FROM c WHERE e = :email AND f <> ':x'"],
  ['nested comments', POSTGRES, "SELECT 1 /* a /* ' :x */ :y ; */ FROM c WHERE e = :email -- ' :z"],
  ['operators with a question mark or an @', POSTGRES, "SELECT a ? 'b', a ?| b, a @> b, @ -1 FROM c WHERE e = :email"],
  ['a name with a dollar sign', POSTGRES, 'SELECT a$1, a$b$c FROM c WHERE e = :email'],
  ['a slice', POSTGRES, 'SELECT a[1:2] FROM c WHERE e = :email'],
  ['texts with backslashes', MYSQL, `SELECT 'it\\'s :x', "a\\":x?" FROM c WHERE e = :email`],
  ['names in backticks', MYSQL, "SELECT `a``:x?'` FROM c WHERE e = :email"],
  ['comments', MYSQL, "SELECT 1 # ' :x ?\n, 2 -- ' :y\n, 3 /* ' :z */ FROM c WHERE e = :email"],
  ['two minus signs', MYSQL, 'SELECT 5--2 FROM c WHERE e = :email'],
  ['a hint that is run', MYSQL, 'SELECT /*!80000 SQL_NO_CACHE */ /*M!100100 1, */ 2 FROM c WHERE e = :email'],
  ['variables', MYSQL, "SELECT @row := @row + 1, @@version, @'a b' FROM c WHERE e = :email"],
  ['a name with a digit first', MYSQL, 'SELECT 1st FROM 2nd$ WHERE e = :email'],
])('a query may have %s', async (_what, url, byEmail) => {
  expect(await faultsOf({ url, byEmail })).toEqual([]);
});

test.each([
  [
    POSTGRES,
    'SELECT 1 FROM c WHERE e = :emial',
    /^6:42 {2}unknown parameter ":emial" in "byEmail", did you mean ":email"/,
  ],
  [POSTGRES, "SELECT 'c:\\' || :x FROM c WHERE e = ':email'", /^6:\d+ {2}unknown parameter ":x"/],
  [
    POSTGRES,
    'SELECT 1 FROM c WHERE e = $1',
    /^6:42 {2}values are bound by name \(:email, :local, :domain\), not by pos/,
  ],
  [POSTGRES, 'SELECT 1 FROM c WHERE e = ?', /^6:15 {2}"byEmail" uses neither :email/],
  [POSTGRES, 'SELECT 1 FROM c WHERE e = @email', /^6:15 {2}"byEmail" uses neither :email/],
  [POSTGRES, 'SELECT 1 /* /* */ FROM c WHERE e = :email', /^6:15 {2}"byEmail" uses neither :email/],
  [POSTGRES, `${BY_EMAIL}; DELETE FROM c`, /must be one statement; here another begins$/],
  [MYSQL, 'SELECT 1 FROM c WHERE e = ?', /^6:42 {2}values are bound by name/],
  [MYSQL, "SELECT 'it\\'s' , :x FROM c WHERE e = :email", /unknown parameter ":x"/],
  [MYSQL, 'SELECT /*!80000 :x , */ 1 FROM c WHERE e = :email', /unknown parameter ":x"/],
  [MYSQL, 'SELECT 5--:x FROM c WHERE e = :email', /unknown parameter ":x"/],
  [
    MYSQL,
    'SELECT 1 FROM c WHERE e = @email',
    /^6:42 {2}"@email" is a variable of the database's; what we bind is ":email"$/,
  ],
  [MYSQL, `${BY_EMAIL}; DELETE FROM c`, /must be one statement; here another begins$/],
])('on %s %j is refused at its place', async (url, byEmail, fault) => {
  expect(await faultsOf({ url, byEmail })).toEqual([expect.stringMatching(fault)]);
});

test.each([
  [
    'a page without an end',
    CHANGED.replace(' OFFSET :offset', ''),
    /^7:15 {2}"changed" does not use :offset; it is asked/,
  ],
  ['nothing of it', 'SELECT * FROM c', /^7:15 {2}"changed" does not use :since, :limit, :offset; it is asked/],
  [
    'a parameter of another',
    `${CHANGED} -- \n + :email`,
    /^7:\d+ {2}unknown parameter ":email" in "changed" \(there are :since/,
  ],
])('"changed" with %s is refused', async (_what, changed, fault) => {
  expect(await faultsOf({ url: POSTGRES, byEmail: BY_EMAIL, changed })).toEqual([expect.stringMatching(fault)]);
});

test.each([
  ['other columns', { email: 'mail', domain: 'site' }, []],
  ['another key', { mail: 'email' }, [expect.stringMatching(/unknown key "mail" in "match"/)]],
])('"match" may name %s', async (_what, match, faults) => {
  expect(await faultsOf({ url: POSTGRES, byEmail: BY_EMAIL, changed: CHANGED, match })).toEqual(faults);
});

test('"match" without "changed" is refused', async () => {
  expect(await faultsOf({ url: POSTGRES, byEmail: BY_EMAIL, match: { email: 'mail' } })).toEqual([
    '7:4  "match" names columns of "changed", which is not there',
  ]);
});

test('queries are read as those of the database, also while the secret of its address is missing', async () => {
  const byEmail = "SELECT '1'::int FROM c WHERE e = :email";
  const missing = expect.stringMatching(/^5:11 .*CRM_PASSWORD/);
  expect(await faultsOf({ url: 'postgres://reader:${env:CRM_PASSWORD}@db.example/crm', byEmail })).toEqual([missing]);
  expect(await faultsOf({ url: '${env:CRM_PASSWORD}', byEmail: 'SELECT :nope' })).toEqual([missing]);
  expect(await faultsOf({ url: '${env:CRM}', byEmail }, { CRM: POSTGRES })).toEqual([]);
});
