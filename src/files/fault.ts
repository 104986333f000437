/** Something wrong in a file that people write, at the place where they can mend it. */
export interface Fault {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units as editors count them. */
  readonly column: number;
  readonly message: string;
  /** A stable name of this kind of fault, for tools; absent where nothing tells it from others. */
  readonly code?: string;
  /** The source line at fault, empty when there is none (a missing file), or when it may hold a secret. */
  readonly source: string;
}

const MAX_SOURCE_WIDTH = 160;

/** `file:line:column  message`, then the source line with a caret below the place. */
export function formatFault(fault: Fault): string {
  const label = fault.severity === 'warning' ? 'warning: ' : '';
  const head = `${fault.file}:${fault.line}:${fault.column}  ${label}${fault.message}`;
  if (fault.source.trim() === '') return head;
  const start = Math.max(0, fault.column - 1 - MAX_SOURCE_WIDTH / 2);
  const shown = fault.source.slice(start, start + MAX_SOURCE_WIDTH);
  const gutter = `${fault.line} | `;
  // Tabs stay tabs below the source line, so that the caret stands under its column at any tab width.
  const indent = shown.slice(0, fault.column - 1 - start).replace(/[^\t]/g, ' ');
  return `${head}\n  ${gutter}${shown}\n  ${' '.repeat(gutter.length)}${indent}^`;
}

export function hasErrors(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.severity === 'error');
}

/** In the order a reader mends them: by file, then place. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  return faults.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
