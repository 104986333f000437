import pg from 'pg';

/** Longer than any look-up may take: for when nobody is left to cancel a statement. */
export const STATEMENT_TIMEOUT_MS = 65_000;

/**
 * Set as the connection is made, so that a look-up stays one round trip: nothing is written, nothing runs for ever, texts are read as
 * sql-tokens.ts reads them and times are written as sql-values.ts reads them.
 */
const SESSION = {
  default_transaction_read_only: 'on',
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  standard_conforming_strings: 'on',
  datestyle: 'ISO',
  intervalstyle: 'iso_8601',
};

/** These verify the server in full in `pg`, which warns of each; saying what they are keeps it so in later versions. */
const VERIFYING = ['prefer', 'require', 'verify-ca'];

/**
 * The address that is connected to: the operator's, with our settings.
 *
 * @throws Error saying what is wrong, without any of the address
 */
export function postgresUrl(written: string): string {
  const url = parseUrl(written);
  const settings = Object.entries(SESSION).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set('options', [url.searchParams.get('options') ?? '', ...settings].join(' ').trim());
  if (!url.searchParams.has('application_name')) url.searchParams.set('application_name', 'enricher');
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && VERIFYING.includes(mode) && url.searchParams.get('uselibpqcompat') !== 'true')
    url.searchParams.set('sslmode', 'verify-full');
  const connected = url.toString();
  try {
    // Reads the certificates that the address names; connects to nothing.
    void new pg.Client({ connectionString: connected });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === undefined ? message : `a file that it names cannot be read (${code})`, { cause: error });
  }
  return connected;
}

function parseUrl(written: string): URL {
  try {
    const url = new URL(written);
    decodeURIComponent(`${url.username}${url.password}${url.pathname}`);
    return url;
  } catch {
    throw new Error('it is no address; user and password must be percent-encoded');
  }
}
