import { emailKey } from '../crm/lookup-key.js';
import { type EmailAddress, withoutTag } from '../shared/email-address.js';
import type { Store } from './store.js';

/** Forgets what every provider last knew of an address, also without its `+tag`. @returns how many records */
export async function eraseCustomers(store: Pick<Store, 'ready'>, email: EmailAddress): Promise<number> {
  const untagged = withoutTag(email);
  const ids = [email, ...(untagged === null ? [] : [untagged])].map((each) => emailKey(each).id);
  const db = await store.ready();
  const { numDeletedRows } = await db.deleteFrom('customers').where('id', 'in', ids).executeTakeFirst();
  return Number(numDeletedRows);
}
