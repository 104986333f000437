import { FAULTS, type FaultName } from './faults.js';
import { type Cell, STATES } from './run-row.js';

/** One line a fault and kind, one column for each that may be known: status, what was applied, how long, how many calls. */
export function formatTable(rows: readonly { kind: string; fault: FaultName; cells: readonly Cell[] }[]): string {
  const lines = rows
    .toSorted((a, b) => a.kind.localeCompare(b.kind) || FAULTS.indexOf(a.fault) - FAULTS.indexOf(b.fault))
    .map(({ kind, fault, cells }) => {
      const columns = STATES.map((state) => formatCell(cells.find((cell) => cell.state === state)));
      return `| ${[kind, fault, ...columns].join(' | ')} |`;
    });
  const heads = ['provider', 'fault', ...STATES];
  return [`| ${heads.join(' | ')} |`, `| ${heads.map(() => '---').join(' | ')} |`, ...lines].join('\n');
}

function formatCell(cell: Cell | undefined): string {
  if (cell === undefined) return '–';
  const { status, envelope, claimNumber, milliseconds, calls } = cell;
  return `${status} ${envelope}${claimNumber === null ? '' : ` ${claimNumber}`}, ${milliseconds} ms${calls === null ? '' : `, ${calls} calls`}`;
}
