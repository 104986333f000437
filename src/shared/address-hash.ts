import { createHmac } from 'node:crypto';
import { parseEmailAddress } from './email-address.js';

const SHOWN_HEX_DIGITS = 16;

/** Stands for addresses where they must not be seen: whoever lacks the key can neither read nor guess them. */
export class AddressHash {
  constructor(private readonly key: string | Uint8Array) {}

  /** The same for every spelling of an address: `h:` and 16 hexadecimal digits of its HMAC-SHA256. */
  of(address: string): string {
    const normal = parseEmailAddress(address)?.address ?? address.trim().toLowerCase();
    return `h:${createHmac('sha256', this.key).update(normal).digest('hex').slice(0, SHOWN_HEX_DIGITS)}`;
  }
}
