import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseEmailAddress } from './email-address.js';

const SHOWN_HEX_DIGITS = 16;
/** The same few are hashed for the log and the decision of each delivery. */
const MAX_REMEMBERED = 2_000;
const MAX_REMEMBERED_LENGTH = 254;

/** Stands for addresses where they must not be seen: whoever lacks the key can neither read nor guess them. */
export class AddressHash {
  readonly #known = new LRUCache<string, string>({ max: MAX_REMEMBERED });

  constructor(private readonly key: string | Uint8Array) {}

  /** The same for every spelling of an address: `h:` and 16 hexadecimal digits of its HMAC-SHA256. */
  of(address: string): string {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const normal = parseEmailAddress(address)?.address ?? address.trim().toLowerCase();
    const hash = `h:${createHmac('sha256', this.key).update(normal).digest('hex').slice(0, SHOWN_HEX_DIGITS)}`;
    if (address.length <= MAX_REMEMBERED_LENGTH) this.#known.set(address, hash);
    return hash;
  }

  /** Of a text with addresses in it, as it stands: the HMAC-SHA256 in 43 characters. */
  ofText(text: string): string {
    return createHmac('sha256', this.key).update(text).digest('base64url');
  }
}
