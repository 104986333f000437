import { asciiDomain, parseEmailAddress } from '../shared/email-address.js';

/** Texts that come in one form only: an address, its part before the @, a domain. */
export type NormalForm = 'address' | 'local' | 'domain';

/** The text as such a field would have it. */
export function normalForm(form: NormalForm, text: string): string {
  const lower = text.normalize('NFC').toLowerCase();
  switch (form) {
    case 'address':
      return parseEmailAddress(text)?.address ?? lower;
    case 'domain':
      return asciiDomain(text) ?? lower;
    case 'local':
      return lower;
    default:
      return form satisfies never;
  }
}
