import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** The types of the protocol that it can speak. @source dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const TYPES = {
  double: 0x05,
  timestamp: 0x07,
  bigint: 0x08,
  datetime: 0x0c,
  bit: 0x10,
  json: 0xf5,
  decimal: 0xf6,
  blob: 0xfc,
  text: 0xfd,
};
type Type = keyof typeof TYPES;
const BINARY = 63;
const UTF8MB4 = 45;

type Cell = string | number | bigint | Buffer | null;

export type FakeAnswer =
  | { readonly columns: Readonly<Record<string, Type>>; readonly rows: readonly (readonly Cell[])[] }
  | { readonly errno: number; readonly message: string }
  /** Runs until it is killed. */
  | 'never'
  /** The server goes away. */
  | 'gone';

export interface FakeCommand {
  readonly threadId: number;
  readonly kind: 'query' | 'prepare' | 'execute';
  readonly sql: string;
  /** What was bound, each as what it was sent. */
  readonly values: readonly (string | number | bigint | null)[];
}

/**
 * Not MySQL: it speaks enough of its protocol to see what is really sent (statements, bound values and their types, KILL) and to answer with
 * rows and errors as told. It knows no SQL, so that it proves nothing of what a server makes of the statements.
 *
 * @source dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */
export class FakeMysql {
  readonly commands: FakeCommand[] = [];
  answer: (sql: string, values: FakeCommand['values']) => FakeAnswer = () => ({ columns: {}, rows: [] });
  /** What a log-in is refused with. */
  refusal: { readonly errno: number; readonly message: string } | null = null;
  /** It does not even hang up when a client says farewell. */
  isDeaf = false;
  /** It does nothing about a KILL, and does not answer it. */
  ignoresKills = false;
  readonly #sessions = new Map<number, Session>();
  #nextThreadId = 41;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeMysql> {
    const server = createServer();
    const fake = new FakeMysql(server);
    server.on('connection', (socket) => fake.#join(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  get url(): string {
    return `mysql://reader:secret-word@127.0.0.1:${(this.server.address() as { port: number }).port}/crm`;
  }

  get threadIds(): number[] {
    return [...this.#sessions.keys()];
  }

  /** What was run, without what each connection is prepared with. */
  ran(kind: FakeCommand['kind']): FakeCommand[] {
    return this.commands.filter((command) => command.kind === kind && !command.sql.startsWith('SET '));
  }

  /** Ends a connection, as a server does with one that was idle for long. */
  drop(threadId: number): void {
    this.#sessions.get(threadId)?.end();
  }

  kill(threadId: number): void {
    this.#sessions.get(threadId)?.interrupt();
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) session.end();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(socket: Socket): void {
    const threadId = this.#nextThreadId++;
    this.#sessions.set(threadId, new Session(this, socket, threadId));
    socket.on('close', () => this.#sessions.delete(threadId));
  }
}

class Session {
  #sequence = 0;
  #received = Buffer.alloc(0);
  #isLoggedIn = false;
  readonly #prepared: string[] = [];

  constructor(
    private readonly fake: FakeMysql,
    private readonly socket: Socket,
    private readonly threadId: number,
  ) {
    socket.setNoDelay();
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => this.#receive(bytes));
    this.#send(greeting(threadId));
  }

  /** As KILL QUERY does to the statement under way. */
  interrupt(): void {
    this.#send(errorPacket(1317, 'Query execution was interrupted'));
  }

  end(): void {
    this.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readUIntLE(0, 3)) {
      const length = this.#received.readUIntLE(0, 3);
      this.#sequence = (this.#received[3] ?? 0) + 1;
      const payload = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      if (this.#isLoggedIn) this.#run(payload);
      else this.#logIn();
    }
  }

  #logIn(): void {
    this.#isLoggedIn = true;
    const { refusal } = this.fake;
    this.#send(refusal === null ? OK : errorPacket(refusal.errno, refusal.message));
    if (refusal !== null) this.socket.end();
  }

  #run(payload: Buffer): void {
    const sql = payload.toString('utf8', 1);
    switch (payload[0]) {
      case 0x01:
        if (!this.fake.isDeaf) this.end();
        break;
      case 0x03:
        this.#note('query', sql, []);
        if (/^KILL QUERY \d+$/.test(sql)) {
          if (this.fake.ignoresKills) break;
          this.fake.kill(Number(sql.slice('KILL QUERY '.length)));
        }
        this.#send(OK);
        break;
      case 0x16:
        this.#note('prepare', sql, []);
        this.#prepared.push(sql);
        this.#prepareAnswer(countPlaces(sql));
        break;
      case 0x17: {
        const executed = this.#prepared[payload.readUInt32LE(1) - 1] ?? '';
        const values = boundValues(payload, countPlaces(executed));
        this.#note('execute', executed, values);
        this.#executeAnswer(this.fake.answer(executed, values));
        break;
      }
      default:
        break;
    }
  }

  #note(kind: FakeCommand['kind'], sql: string, values: FakeCommand['values']): void {
    this.fake.commands.push({ threadId: this.threadId, kind, sql, values });
  }

  #prepareAnswer(places: number): void {
    const header = Buffer.alloc(12);
    header.writeUInt32LE(this.#prepared.length, 1);
    header.writeUInt16LE(places, 7);
    this.#send(header);
    for (let place = 0; place < places; place++) this.#send(column('?', 'text'));
    if (places > 0) this.#send(EOF);
  }

  #executeAnswer(answer: FakeAnswer): void {
    if (answer === 'never') return;
    if (answer === 'gone') {
      this.end();
      return;
    }
    if ('errno' in answer) {
      this.#send(errorPacket(answer.errno, answer.message));
      return;
    }
    const columns = Object.entries(answer.columns);
    this.#send(Buffer.from([columns.length]));
    for (const [name, type] of columns) this.#send(column(name, type));
    this.#send(EOF);
    const types = columns.map(([, type]) => type);
    for (const row of answer.rows) this.#send(binaryRow(row, types));
    this.#send(EOF);
  }

  #send(payload: Buffer): void {
    const header = Buffer.alloc(4);
    header.writeUIntLE(payload.length, 0, 3);
    header[3] = this.#sequence++ % 256;
    this.socket.write(Buffer.concat([header, payload]));
  }
}

const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const EOF = Buffer.from([0xfe, 0, 0, 2, 0]);

/** Protocol 4.1 with connection to a database, transactions, secure log-in and log-in plugins; nothing newer. */
const CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x20_000 | 0x80_000;

function greeting(threadId: number): Buffer {
  const numbers = Buffer.alloc(31);
  numbers.writeUInt32LE(threadId, 0);
  numbers.fill('saltsalt', 4, 12);
  numbers.writeUInt16LE(CAPABILITIES & 0xffff, 13);
  numbers[15] = UTF8MB4;
  numbers.writeUInt16LE(2, 16);
  numbers.writeUInt16LE(CAPABILITIES >> 16, 18);
  numbers[20] = 21;
  const version = Buffer.from('\n8.4.0-fake\0');
  return Buffer.concat([version, numbers, Buffer.from('saltsaltsalt\0mysql_native_password\0')]);
}

function errorPacket(errno: number, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(`#HY000${message}`)]);
}

function column(name: string, type: Type): Buffer {
  const texts = ['def', 'crm', 'c', 'c', name, name].map((text) => lengthCoded(Buffer.from(text)));
  const rest = Buffer.alloc(13);
  rest[0] = 0x0c;
  rest.writeUInt16LE(type === 'text' ? UTF8MB4 : BINARY, 1);
  rest.writeUInt32LE(type === 'bit' ? 1 : 1024, 3);
  rest[7] = TYPES[type];
  rest[10] = type === 'timestamp' || type === 'datetime' ? 6 : 0;
  return Buffer.concat([...texts, rest]);
}

function binaryRow(cells: readonly Cell[], types: readonly Type[]): Buffer {
  const nulls = Buffer.alloc(Math.floor((cells.length + 9) / 8));
  for (const [at, cell] of cells.entries()) if (cell === null) nulls[(at + 2) >> 3]! |= 1 << ((at + 2) % 8);
  const values = cells.flatMap((cell, at) => (cell === null ? [] : [encoded(cell, types[at] ?? 'text')]));
  return Buffer.concat([Buffer.from([0]), nulls, ...values]);
}

function encoded(cell: Exclude<Cell, null>, type: Type): Buffer {
  const bytes = Buffer.alloc(8);
  if (type === 'bigint') bytes.writeBigInt64LE(cell as bigint);
  else if (type === 'double') bytes.writeDoubleLE(Number(cell));
  else if (type === 'timestamp' || type === 'datetime') return encodedTime(String(cell));
  else return lengthCoded(Buffer.isBuffer(cell) ? cell : Buffer.from(String(cell)));
  return bytes;
}

/** Of `2026-03-01 12:30:00.250000`. */
function encodedTime(text: string): Buffer {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, micros = 0] = text.split(/\D/).map(Number);
  const bytes = Buffer.from([11, 0, 0, month, day, hours, minutes, seconds, 0, 0, 0, 0]);
  bytes.writeUInt16LE(year, 1);
  bytes.writeUInt32LE(micros, 8);
  return bytes;
}

function lengthCoded(bytes: Buffer): Buffer {
  const { length } = bytes;
  return Buffer.concat([Buffer.from(length < 251 ? [length] : [0xfc, length & 0xff, length >> 8]), bytes]);
}

function countPlaces(sql: string): number {
  return sql.split('?').length - 1;
}

function boundValues(payload: Buffer, count: number): FakeCommand['values'] {
  if (count === 0) return [];
  const nullBytes = Math.floor((count + 7) / 8);
  let offset = 10 + nullBytes + 1;
  const types = Array.from({ length: count }, (_, at) => payload[offset + 2 * at]);
  offset += 2 * count;
  return types.map((type, at) => {
    const isNull = ((payload[10 + (at >> 3)] ?? 0) & (1 << (at % 8))) !== 0;
    if (isNull) return null;
    offset += type === TYPES.bigint || type === TYPES.double ? 8 : 0;
    if (type === TYPES.bigint) return payload.readBigInt64LE(offset - 8);
    if (type === TYPES.double) return payload.readDoubleLE(offset - 8);
    const isLong = payload[offset] === 0xfc;
    const length = isLong ? payload.readUInt16LE(offset + 1) : (payload[offset] ?? 0);
    const start = offset + (isLong ? 3 : 1);
    offset = start + length;
    return payload.toString('utf8', start, offset);
  });
}
