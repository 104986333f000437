/** Who takes a place, and when; all times in milliseconds since the epoch. */
export interface Taking {
  /** Whoever took it before may take it again. */
  readonly by: string;
  readonly at: number;
  /** A place that somebody else took counts as taken from after this time … */
  readonly since: number;
  /** … to this one: a later one is of a clock that was wrong. */
  readonly until: number;
}

/** When each rule last sent a message into each conversation. */
export abstract class SendStore {
  /**
   * Takes the places of these scopes, each once, unless somebody else has.
   *
   * @returns those that were taken
   */
  abstract takeSends(scopes: readonly string[], taking: Taking): Promise<ReadonlySet<string>>;

  /** @returns how many that were taken before a time were taken away */
  abstract purgeSends(before: number): Promise<number>;
}
