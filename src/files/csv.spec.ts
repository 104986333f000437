import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { CsvError } from './csv-error.js';
import { parseCsvRows } from './csv.js';

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding);
const cellsOf = (content: Uint8Array) => parseCsvRows(content).map(({ cells }) => cells);

function faultOf(content: Uint8Array): CsvError {
  try {
    cellsOf(content);
  } catch (error) {
    if (error instanceof CsvError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test.each([
  ['LF', 'a,b\n1,2\n3,4\n'],
  ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n'],
  ['CR', 'a,b\r1,2\r3,4\r'],
  ['CRLF after LF', 'a,b\n1,2\r\n3,4\r\n'],
  ['LF after CRLF', 'a,b\r\n1,2\n3,4'],
  ['LF and CRLF after quoted cells', 'a,"b"\r\n1,"2"\n3,"4"\r\n'],
  ['an empty line between', 'a,b\r\n\n1,2\r\n\r\n3,4'],
])('lines may end with %s', (_, text) => {
  expect(cellsOf(bytes(text))).toEqual([
    ['a', 'b'],
    ['1', '2'],
    ['3', '4'],
  ]);
});

test('a line break in a quoted cell stays as written', () => {
  expect(cellsOf(bytes('a\n"x\r\ny"\r\n'))).toEqual([['a'], ['x\r\ny']]);
});

test('a UTF-8 byte order mark is no part of the first column', () => {
  expect(cellsOf(bytes('\uFEFFa\nä'))).toEqual([['a'], ['ä']]);
});

test('a file that is not UTF-8 is refused, with the line', () => {
  expect(faultOf(bytes('name\nMuller\nMüller\n', 'latin1'))).toMatchObject({
    line: 3,
    message: 'the file is not UTF-8 text',
  });
  expect(faultOf(bytes('name\nMüller\n').subarray(0, 7))).toMatchObject({ line: 2 });
});

test.each([
  ['little', bytes('\uFEFFa,b\n1,2\n', 'utf16le')],
  ['big', bytes('\uFEFFa,b\n1,2\n', 'utf16le').swap16()],
])('UTF-16 of the %s end first is refused, and said so', (_, content) => {
  expect(faultOf(content)).toMatchObject({ line: 1, message: 'the file is UTF-16 text, not UTF-8' });
});

test('two columns with one name are refused, without the name', () => {
  const fault = faultOf(bytes('tier,email, tier\n1,2,3\n'));
  expect(fault).toMatchObject({ line: 1, message: 'columns 1 and 3 of the header row have the same name' });
});

test('columns without a name, as a spreadsheet leaves them, are no fault', () => {
  expect(cellsOf(bytes('a,,\n1,,\n'))).toEqual([
    ['a', '', ''],
    ['1', '', ''],
  ]);
});

test('what is wrong is said without the data', () => {
  expect(faultOf(bytes('a,b\n"secret"x,2\n'))).toMatchObject({
    line: 2,
    message: expect.not.stringContaining('secret'),
  });
});

test('rows know their lines, whatever these end with', () => {
  expect(parseCsvRows(bytes('a,b\r\n1,2\n\n3,4\r5,6\r\n')).map(({ line }) => line)).toEqual([1, 2, 4, 5]);
});

test.each([
  ['a,b\n1\n', 2, 'Invalid Record Length: expect 2, got 1 on line 2'],
  ['a,b\n1,x"y\n', 2, 'Invalid Opening Quote: a quote is found on field 1 at line 2'],
  ['a,b\n1,"x"y\n', 2, 'Invalid Closing Quote: found non trimable byte after quote at line 2'],
  ['a,b\n1,"x" "y"\n', 2, 'Invalid Opening Quote: a quote is found on field 1 at line 2'],
  ['a,b\n1,"x\n2,3\n', 2, 'Quote Not Closed: the parsing is finished with an opening quote at line 2'],
  ['a\n"x\r\ny"\nz,z\n', 4, 'Invalid Record Length: expect 1, got 2 on line 4'],
])('%j is refused where it goes wrong', (text, line, message) => {
  expect(faultOf(bytes(text))).toMatchObject({ line, message });
});

test('a fault of the encoding far behind is found, wherever the file is divided', () => {
  const row = 'Müller\n';
  const before = Buffer.from(row.repeat(Math.ceil(1_100_000 / Buffer.byteLength(row))));
  expect(cellsOf(before)).toHaveLength(before.length / Buffer.byteLength(row));
  expect(faultOf(Buffer.concat([before, bytes('Müller\n', 'latin1')]))).toMatchObject({
    line: before.length / Buffer.byteLength(row) + 1,
    message: 'the file is not UTF-8 text',
  });
});

test('any text is read, or refused, as csv-parse does', () => {
  const odd = [',', '"', '\n', '\r', '\r\n', ' ', 'a', '\t', '\u00a0', '\uFEFF', 'é', '\u{1f692}'];
  const unit = fc.constantFrom(...odd);
  const text = fc
    .array(
      fc.string({ unit, maxLength: 5 }).chain((cell) => fc.constantFrom(cell, `"${cell}"`)),
      { maxLength: 8 },
    )
    .map((cells) => cells.map((cell, index) => cell + (index % 2 ? '\n' : ',')).join(''))
    // It takes no white space beyond ASCII behind a closing quote, as we do, and passes over empty quotes before others.
    .filter((written) => !/"\s*[\u00a0\uFEFF]|""\s+"/.test(written));
  const options = { bom: true, skipEmptyLines: true, trim: true, recordDelimiter: ['\r\n', '\n', '\r'] };
  const orFault = (read: () => string[][]) => {
    try {
      return read();
    } catch (error) {
      return (error as Error).message.split(':')[0];
    }
  };
  fc.assert(
    fc.property(fc.constantFrom('h\n', 'h,i\n', '\uFEFFh,i\r\n'), text, (header, rows) => {
      const file = bytes(header + rows);
      expect(orFault(() => cellsOf(file))).toEqual(orFault(() => parse(file, options)));
    }),
    { numRuns: 3000 },
  );
});
