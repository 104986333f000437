import type { LastKnown, LastKnownStore, PrefetchState, StoredProvider } from '../../src/crm/last-known.js';

/** Last known records of one provider, in memory. It can be told to keep no place for a while. */
export class MemoryLastKnown implements LastKnownStore {
  readonly records = new Map<string, LastKnown>();
  readonly states: PrefetchState[] = [];
  failures = 0;

  get(_provider: StoredProvider, id: string): Promise<LastKnown | null> {
    return Promise.resolve(this.records.get(id) ?? null);
  }

  put(_provider: StoredProvider, records: readonly LastKnown[]): void {
    for (const known of records) this.records.set(known.id, known);
  }

  drop(_provider: StoredProvider, ids: readonly string[]): void {
    for (const id of ids) this.records.delete(id);
  }

  prefetchState(): Promise<PrefetchState> {
    return Promise.resolve(this.states.at(-1) ?? { completeUntil: null, open: null });
  }

  savePrefetchState(_provider: StoredProvider, state: PrefetchState): Promise<void> {
    if (this.failures-- > 0) return Promise.reject(new Error('disk full'));
    this.states.push(state);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
