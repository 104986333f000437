import pg from 'pg';

const GIVE_UP_MS = 5_000;

/** What of the driver's own has no declared type. */
interface ConnectedClient extends pg.PoolClient {
  readonly processID: number;
  readonly secretKey: number;
  readonly sslNegotiation?: string;
}
interface CancelConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/**
 * Tells the server to stop what the connection runs, over a connection of its own that needs no log-in, so that it also works when the
 * server takes no more of them. Resolves when the server has heard it, or cannot be reached.
 *
 * @source postgresql.org/docs/18/protocol-flow.html, "Canceling Requests in Progress"
 */
export function requestCancel(client: pg.PoolClient): Promise<void> {
  const { host, port, ssl, sslNegotiation, processID, secretKey } = client as ConnectedClient;
  const options = { ssl, sslNegotiation } as pg.ConnectionConfig;
  const connection = new pg.Connection(options) as CancelConnection;
  const { promise, resolve } = Promise.withResolvers<void>();
  const giveUp = setTimeout(() => connection.stream.destroy(), GIVE_UP_MS);
  giveUp.unref();
  const end = () => {
    clearTimeout(giveUp);
    connection.stream.destroy();
    resolve();
  };
  const cancel = () => connection.cancel(processID, secretKey);
  connection.on('connect', () => {
    if (!ssl) cancel();
    else if (sslNegotiation !== 'direct') connection.requestSsl();
  });
  connection.on('sslconnect', cancel);
  connection.on('error', end);
  connection.on('end', end);
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  return promise;
}
