/** Who may fetch a provider's customers ahead when several replicas share a store. */
export abstract class PrefetchLease {
  /**
   * Runs the work when no other replica does the same.
   *
   * @param work its signal aborts when the lease is lost
   * @returns false, at once, when another replica does it
   */
  abstract hold(provider: string, work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}
