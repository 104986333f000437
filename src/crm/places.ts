import { createHash } from 'node:crypto';

/** The places of a list that a run has come to; a list that comes back to one would never end. */
export class Places {
  /** Digests: a place may be an address of a thousand characters, and a run have a hundred thousand. */
  readonly #digests = new Set<string>();

  /** Notes a place. False when it was there before. */
  add(place: string): boolean {
    const { size } = this.#digests;
    return this.#digests.add(createHash('sha256').update(place).digest('base64url')).size > size;
  }
}
