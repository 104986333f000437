import { SqlError, type SqlErrorKind } from './sql-client.js';

/** What the driver throws. */
interface MysqlError extends NodeJS.ErrnoException {
  /** The server's code; absent (or Node's, negative) when the error is not the server's. */
  readonly errno?: number;
  readonly fatal?: boolean;
}

/**
 * What may pass by itself: full (1040, 1041, 1203, 1226), shutting down or lost (1053, 1077, 1152 to 1161, 1184), waited in vain (1205),
 * deadlock (1213), cut off (1317, 1969, 3024, 4031), out of memory or disk (1021, 1037, 1038), blocked (1129).
 *
 * @source dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html; mariadb.com/kb/en/mariadb-error-code-reference/ for 1969
 */
// prettier-ignore
const PASSING = new Set([
  1021, 1037, 1038, 1040, 1041, 1053, 1077, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1969, 3024, 4031,
]);

/** Their messages speak of names and of the operator's own SQL, never of values. */
// prettier-ignore
const TELLING = new Set([
  1044, 1045, 1046, 1049, 1051, 1052, 1054, 1055, 1064, 1109, 1142, 1143, 1146, 1227, 1235, 1247, 1248, 1290, 1305, 1370, 1698, 1792,
  1836, 3118,
]);

/** The value cannot be in the column's character set. 1267 also says so of two columns, whatever the value. */
const UNKNOWABLE = new Set([3854, 3988]);
const MIXED_COLLATIONS = 1267;

const CERTIFICATE = /CERT|^UNABLE_TO_|ALTNAME|^ERR_SSL|^HANDSHAKE_(?:SSL|NO_SSL)/;

/** @param values those that were bound */
export function toSqlError(error: unknown, values: readonly unknown[]): SqlError {
  const { errno, code, message } = error as MysqlError;
  if (errno === undefined || errno < 1000 || errno >= 10_000) {
    if (code !== undefined && CERTIFICATE.test(code))
      return new SqlError('refused', `the connection could not be secured (${code})`, { cause: error });
    return new SqlError('unavailable', `no connection to the server (${code ?? 'lost'})`, { cause: error });
  }
  const text = TELLING.has(errno) ? `${message} (${errno})` : `the database gave error ${errno}`;
  return new SqlError(kindOf(errno, values), text, { cause: error });
}

/** The connection is of no more use, and others may be as broken. */
export function isConnectionLost(error: unknown): boolean {
  const { errno, fatal } = error as MysqlError;
  return fatal === true || errno === undefined || errno < 1000 || errno === 1053;
}

function kindOf(errno: number, values: readonly unknown[]): SqlErrorKind {
  if (UNKNOWABLE.has(errno)) return 'unknowable';
  const isPlain = values.every((value) => typeof value !== 'string' || /^[\0-\x7f]*$/.test(value));
  if (errno === MIXED_COLLATIONS && !isPlain) return 'unknowable';
  return PASSING.has(errno) ? 'unavailable' : 'refused';
}
