import pg from 'pg';
import { SqlError, type SqlErrorKind } from './sql-client.js';

/**
 * What may pass by itself: connection, rollback, resources, intervention (57014: cancelled), system, internal.
 *
 * @source postgresql.org/docs/18/errcodes-appendix.html; the first two characters are the class
 */
const PASSING = /^(?:08|25P0[34]|40|53|55|57|58|XX)/;

/** Classes whose messages speak of names and of the operator's own SQL, never of values. */
const TELLING = /^(?:08|0A|25|28|3D|3F|40|42|53|57)/;

/** The value cannot be text in this database: U+0000, or a character that its encoding lacks. */
const UNKNOWABLE = ['22021', '22P05'];

/** Of Node: the certificate of the server is not what was configured. */
const CERTIFICATE = /CERT|^UNABLE_TO_|ALTNAME|^ERR_SSL/;

/** Of `pg` itself, which gives no codes. */
const REFUSED = /^SASL|^The server does not support SSL|authentication/;

export function toSqlError(error: unknown): SqlError {
  if (error instanceof pg.DatabaseError && error.code !== undefined) return ofServer(error, error.code);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && CERTIFICATE.test(code))
    return new SqlError('refused', `the server's certificate was not accepted (${code})`, { cause: error });
  if (message.includes('client password must be'))
    return new SqlError('refused', 'the server wants a password, and "url" has none', { cause: error });
  if (REFUSED.test(message)) return new SqlError('refused', message, { cause: error });
  return new SqlError('unavailable', `no connection to the server (${code ?? message})`, { cause: error });
}

/** The connection is of no more use, and others may be as broken. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  return error.severity === 'FATAL' || error.severity === 'PANIC' || /^(?:08|57P0)/.test(error.code ?? '');
}

function ofServer(error: pg.DatabaseError, code: string): SqlError {
  // Within a function the SQL may have been made of values.
  const isOwnSql = error.where === undefined && error.internalQuery === undefined;
  const tells = TELLING.test(code) && isOwnSql;
  return new SqlError(kindOf(code), tells ? `${error.message} (${code})` : `the database gave error ${code}`, {
    cause: error,
  });
}

function kindOf(code: string): SqlErrorKind {
  if (UNKNOWABLE.includes(code)) return 'unknowable';
  return PASSING.test(code) ? 'unavailable' : 'refused';
}
