import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FaultName } from '../fault-matrix/faults.js';
import { HTTP_KINDS } from '../fault-matrix/http-kinds.js';
import { LOCAL_KINDS } from '../fault-matrix/local-kinds.js';
import { formatTable } from '../fault-matrix/format-table.js';
import type { Rig } from '../fault-matrix/rig.js';
import { type Cell, makeLastMonth, runRow } from '../fault-matrix/run-row.js';

/** `FAULT_MATRIX=full`: every provider kind, with the timeouts that the service has when nobody sets any. */
const IS_FULL = process.env['FAULT_MATRIX'] === 'full';
const LIMITS = IS_FULL ? { timeoutMs: 3_000, deadlineMs: 20_000 } : { timeoutMs: 250, deadlineMs: 5_000 };
const KINDS = [...HTTP_KINDS, ...LOCAL_KINDS].filter(
  ({ name }) => IS_FULL || name === 'http' || !HTTP_KINDS.some((kind) => kind.name === name),
);
const CLAIMS = { cold: null, warm: 'CLM-3', stale: 'CLM-3', 'last month': 'CLM-1' } as const;

const rows: { kind: string; fault: FaultName; cells: readonly Cell[] }[] = [];
afterAll(() => {
  if (IS_FULL) process.stdout.write(`${formatTable(rows)}\n`);
});

describe.each(KINDS)('a provider of kind $name', (kind) => {
  const lastMonth = mkdtempSync(join(tmpdir(), 'enricher-matrix-'));
  let rig: Rig;
  beforeAll(async () => {
    rig = await kind.start();
    await makeLastMonth(kind, rig, LIMITS, lastMonth);
  });
  afterAll(async () => {
    rmSync(lastMonth, { recursive: true, force: true });
    await rig.close();
  });

  test('can be broken by what it suffers, and by nothing else', () => {
    expect(new Set(Object.keys(rig.faults))).toEqual(new Set(kind.suffers));
  });

  test.each(kind.suffers)('%s', async (fault) => {
    const cells = await runRow(kind, rig, fault, LIMITS, lastMonth);
    rows.push({ kind: kind.name, fault, cells });
    expect(cells.map(({ state }) => state).toSorted()).toEqual(['cold', 'last month', 'stale', 'warm']);
    // Who is in no record is answered, unless looking for the huge ones takes too long.
    const isOfRecords = rig.ofRecords?.includes(fault) === true;
    for (const { state, status, envelope, claimNumber, attempts, milliseconds, calls } of cells) {
      expect({ state, status, envelope, claimNumber, attempts }).toEqual({
        state,
        status: 200,
        envelope: state !== 'cold' ? 'success' : isOfRecords ? expect.stringMatching(/^(success|error)$/) : 'error',
        claimNumber: CLAIMS[state],
        attempts: 1,
      });
      if (IS_FULL) expect(milliseconds).toBeLessThan(LIMITS.deadlineMs);
      if (calls !== null) expect(calls).toBeLessThanOrEqual(2);
    }
  });
});
