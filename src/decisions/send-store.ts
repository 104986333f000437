/** When each rule last sent a message into each conversation. */
export abstract class SendStore {
  /**
   * Takes the place of a scope, unless somebody else took it since a time.
   *
   * @param by whoever took it before may take it again
   * @param now, since milliseconds since the epoch
   */
  abstract takeSend(scope: string, by: string, now: number, since: number): Promise<boolean>;

  /** @returns how many that were taken before a time were taken away */
  abstract purgeSends(before: number): Promise<number>;
}
