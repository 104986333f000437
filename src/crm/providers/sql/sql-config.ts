import { resolve } from 'node:path';
import type { ObjectReader } from '../../../files/object-reader.js';
import type { ProviderContext } from '../../provider-context.js';
import type { CrmProvider } from '../../crm.provider.js';
import { refuseKey } from '../../refuse-key.js';
import { MysqlClient } from './mysql-client.js';
import { mysqlOptions } from './mysql-url.js';
import { PostgresClient } from './postgres-client.js';
import { postgresUrl } from './postgres-url.js';
import type { CustomerMatch } from './sql-changes.js';
import type { SqlClient, SqlStatements, StatementName } from './sql-client.js';
import { checkQuery } from './sql-query.js';
import type { SqlDialect } from './sql-tokens.js';
import { SqlProvider } from './sql.provider.js';
import { SqliteClient } from './sqlite-client.js';

const DIALECTS: readonly (readonly [start: RegExp, dialect: SqlDialect])[] = [
  [/^file:/, 'sqlite'],
  [/^postgres(?:ql)?:\/\//, 'postgres'],
  [/^(?:mysql|mariadb):\/\//, 'mysql'],
];

const STATEMENTS: readonly StatementName[] = ['byEmail', 'byDomain', 'changed'];

export function readSqlProvider(context: ProviderContext, reader: ObjectReader): (() => CrmProvider) | undefined {
  const { name, fields, text } = context;
  reader.require('url', 'a "sql" provider');
  reader.require('byEmail', 'a "sql" provider');
  const url = text(reader, 'url');
  // An address that lacks its secret still says what reads the queries.
  const dialect = dialectOf(url ?? String(reader.get('url')?.value));
  const statements = dialect && readStatements(reader, dialect);
  const match = readMatch(reader);
  if (!reader.has('changed')) refuseKey(reader, 'prefetchMinutes', 'needs the query "changed", which lists customers');
  if (url === undefined) return undefined;
  if (dialect === undefined || statements === undefined) {
    const message = '"url" must begin with file: (SQLite), postgres:// or mysql://, such as "file:./customers.db"';
    reader.document.error(reader.get('url')!, message);
    return undefined;
  }
  const connect = readConnection(context, reader, { url, dialect, statements });
  if (connect === undefined || statements.byEmail === undefined) return undefined;
  const written = new Set(Object.keys(statements) as StatementName[]);
  return () => new SqlProvider({ name, fields, statements: written, match, client: connect() });
}

function dialectOf(url: string): SqlDialect | undefined {
  return DIALECTS.find(([start]) => start.test(url))?.[1];
}

function readStatements(reader: ObjectReader, dialect: SqlDialect): SqlStatements {
  const read = STATEMENTS.map((key) => [key, checkQuery(reader, key, dialect)] as const);
  return Object.fromEntries(read.filter(([, sql]) => sql !== undefined));
}

function readMatch(reader: ObjectReader): CustomerMatch {
  const match = reader.object('match');
  match?.allow(['email', 'domain'], '"match"');
  if (match !== undefined && !reader.has('changed'))
    reader.document.error(reader.keyNode('match'), '"match" names columns of "changed", which is not there');
  const entries = (match?.keys ?? []).map((key) => [key, match?.string(key)] as const);
  return Object.fromEntries(entries.filter(([, column]) => column !== undefined));
}

interface Database {
  readonly url: string;
  readonly dialect: SqlDialect;
  readonly statements: SqlStatements;
}

function readConnection(
  { folder, protection }: ProviderContext,
  reader: ObjectReader,
  { url, dialect, statements }: Database,
): (() => SqlClient) | undefined {
  // One more than there are look-ups at once, for what is fetched ahead.
  const maxConnections = protection.maxConcurrent + 1;
  try {
    switch (dialect) {
      case 'sqlite': {
        const path = resolve(folder, url.slice('file:'.length));
        return () => new SqliteClient({ path, statements });
      }
      case 'postgres': {
        const connected = postgresUrl(url);
        return () => new PostgresClient({ url: connected, statements, maxConnections });
      }
      case 'mysql': {
        const connection = mysqlOptions(url, folder);
        return () => new MysqlClient({ connection, statements, maxConnections });
      }
      default:
        return dialect satisfies never;
    }
  } catch (error) {
    reader.document.error(reader.get('url')!, `"url": ${(error as Error).message}`);
    return undefined;
  }
}
