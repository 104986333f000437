import type { RE2JS } from 're2js';

/** A custom field of a mailbox. */
export interface CustomField {
  readonly key: string;
  /** What must be found in a value; null when any value will do. */
  readonly pattern: RE2JS | null;
}

/** What is known of a mailbox. A list that is null is not known, an empty one says that there are none. */
export interface MailboxContent {
  /** In normal form, as `parseEmailAddress` gives it. */
  readonly address: string;
  readonly customFields: readonly CustomField[] | null;
  readonly tags: readonly string[] | null;
  /** Every name and address that a user goes by, in any order. */
  readonly users: readonly string[] | null;
  readonly templates: readonly string[] | null;
  /** IANA name. */
  readonly timeZone: string | null;
}

/** A shared mailbox, and whether it may have a thing: what is not known may be there. */
export class Mailbox {
  readonly #fields: ReadonlyMap<string, CustomField> | null;
  readonly #tags: ReadonlySet<string> | null;
  readonly #users: ReadonlySet<string> | null;
  readonly #templates: ReadonlySet<string> | null;

  constructor(readonly content: MailboxContent) {
    const { customFields, tags, users, templates } = content;
    this.#fields = customFields && new Map(customFields.map((field) => [field.key, field]));
    this.#tags = tags && new Set(tags);
    this.#users = users && new Set(users.map((user) => user.toLowerCase()));
    this.#templates = templates && new Set(templates);
  }

  mayHaveField(key: string): boolean {
    return this.#fields?.has(key) ?? true;
  }

  /** Whether the field's pattern is found in the value. An empty value blanks a field, whatever its pattern. */
  mayTake(key: string, value: string): boolean {
    const pattern = this.#fields?.get(key)?.pattern ?? null;
    return pattern === null || value === '' || pattern.matcher(value).find();
  }

  /** Emailgistics minds the case of tags. */
  mayHaveTag(tag: string): boolean {
    return this.#tags?.has(tag) ?? true;
  }

  /** By display name or address, in any case. */
  mayHaveUser(user: string): boolean {
    return this.#users?.has(user.toLowerCase()) ?? true;
  }

  mayHaveTemplate(name: string): boolean {
    return this.#templates?.has(name) ?? true;
  }
}

/** The mailboxes that something is known of. */
export class MailboxCatalogue {
  /** Nothing is known, so nothing is checked. */
  static readonly EMPTY = new MailboxCatalogue([]);

  readonly #byAddress: ReadonlyMap<string, Mailbox>;

  constructor(readonly mailboxes: readonly Mailbox[]) {
    this.#byAddress = new Map(mailboxes.map((mailbox) => [mailbox.content.address, mailbox]));
  }

  /** @param address in normal form; null when nothing is known of the mailbox */
  find(address: string): Mailbox | null {
    return this.#byAddress.get(address) ?? null;
  }
}
