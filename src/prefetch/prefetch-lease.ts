/** Who may fetch a provider's customers ahead when several replicas share a store. */
export abstract class PrefetchLease {
  /**
   * Runs the work when no other replica does the same; resolves at once when one does.
   *
   * @param work its signal aborts when the lease is lost
   */
  abstract hold(provider: string, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** For a single replica: nobody else there is. */
export class NoLease extends PrefetchLease {
  override hold(_provider: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return work(new AbortController().signal);
  }
}
