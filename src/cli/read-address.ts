import { type EmailAddress, parseEmailAddress } from '../shared/email-address.js';
import type { Refuse } from './refuse.js';

/** @param where the option or argument, as the help names it */
export function readAddress(where: string, written: string, refuse: Refuse): EmailAddress {
  return parseEmailAddress(written) ?? refuse(`error: ${where} is no e-mail address`);
}
