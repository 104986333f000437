import type { EmailAddress } from '../../../shared/email-address.js';
import { type CrmMatch, CrmProvider, type CustomerPage } from '../../crm.provider.js';
import type { FieldMap } from '../../field-map.js';
import { ApiClient } from './api-client.js';
import type { Connector, FollowUp, LookupRequest, PagedRequest } from './connector.js';
import { needsLevel, objectAt, recordReader, type RecordReader } from './customer-fields.js';
import { readData } from './data-path.js';
import { hasDomain, hasEmail, type Item, itemsIn } from './items.js';
import { listChanges } from './list-changes.js';
import type { Values } from './template.js';
import { UnsendableValue } from './unsendable-value.js';

export interface HttpProviderOptions {
  readonly name: string;
  readonly connector: Connector;
  readonly fields: FieldMap;
}

const PROBE: EmailAddress = { address: 'check@enricher.example', local: 'check', domain: 'enricher.example' };

/** The requests that list customers whole: a contact without the company that a look-up gives would not be the same record. */
export function listedWith(fields: FieldMap, { byEmail, changedSince }: Connector): PagedRequest[] {
  const hasCompany = byEmail.company !== null || byEmail.followUps.some(({ as }) => as === 'company');
  const needsCompany = hasCompany && needsLevel(fields, 'company');
  return changedSince.filter(({ contact, company }) => contact === null || company !== null || !needsCompany);
}

/** Customers of a CRM with a REST API, as a connector file describes it. */
export class HttpProvider extends CrmProvider {
  readonly name: string;
  override readonly findByDomain?: (domain: string, signal: AbortSignal) => Promise<CrmMatch>;
  override readonly changedSince?: (
    since: Date | null,
    from: string | null,
    signal: AbortSignal,
  ) => AsyncIterable<CustomerPage>;
  readonly #client: ApiClient;
  readonly #read: RecordReader;

  constructor(private readonly options: HttpProviderOptions) {
    super();
    this.name = options.name;
    const { connector, fields } = options;
    const { byDomain, labelSuffix } = connector;
    const client = new ApiClient(connector);
    const read = recordReader(fields, labelSuffix);
    this.#client = client;
    this.#read = read;
    if (byDomain !== null)
      this.findByDomain = (domain, signal) =>
        this.#find(byDomain, { domain }, (item) => hasDomain(item, byDomain.where, domain), signal);
    const listed = listedWith(fields, connector);
    if (listed.length > 0)
      this.changedSince = (since, from, signal) => listChanges(client, listed, read, since, from, signal);
  }

  override findByEmail(email: EmailAddress, signal: AbortSignal): Promise<CrmMatch> {
    const { byEmail } = this.options.connector;
    const { address, local, domain } = email;
    const isAsked = (item: Item) => hasEmail(item, byEmail.where, email);
    return this.#find(byEmail, { email: address, local, domain }, isAsked, signal);
  }

  override async check(signal: AbortSignal): Promise<void> {
    const { check } = this.options.connector;
    if (check.length === 0) await this.findByEmail(PROBE, signal);
    for (const request of check) {
      const json = await this.#client.ask(request, {}, signal);
      if (json !== undefined) itemsIn(json, request);
    }
  }

  override close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #find(
    request: LookupRequest,
    values: Values,
    isAsked: (item: Item) => boolean,
    signal: AbortSignal,
  ): Promise<CrmMatch> {
    if (Object.values(values).some((value) => value === undefined || !isSendable(value))) return { kind: 'not_found' };
    const items = await this.#items(request, values, signal);
    const asked = request.where.length === 0 ? items : items.filter(isAsked);
    const [item] = asked;
    if (item === undefined) return { kind: 'not_found' };
    if (asked.length > 1) return { kind: 'ambiguous', count: asked.length };
    const { fields } = this.options;
    const objects = { contact: objectAt(item, request.contact), company: objectAt(item, request.company) };
    const further = await Promise.all(
      request.followUps
        .filter(({ as }) => needsLevel(fields, as))
        .map(async (followUp) => [followUp.as, await this.#follow(followUp, item, values, signal)] as const),
    );
    for (const [level, found] of further) if (found !== null) objects[level] = { ...objects[level], ...found };
    return { kind: 'found', record: this.#read(objects) };
  }

  /** The first record of a further request; null when there is no id to ask with, or no record. */
  async #follow(followUp: FollowUp, item: Item, values: Values, signal: AbortSignal): Promise<Item | null> {
    const id = readData(item, followUp.id);
    if ((typeof id !== 'string' || id === '') && typeof id !== 'number') return null;
    const [first] = await this.#items(followUp, { ...values, id: String(id) }, signal);
    return first ?? null;
  }

  /** Nobody has a value that cannot be asked for. */
  async #items(request: LookupRequest | FollowUp, values: Values, signal: AbortSignal): Promise<Item[]> {
    try {
      const json = await this.#client.ask(request, values, signal);
      return json === undefined ? [] : itemsIn(json, request);
    } catch (error) {
      if (error instanceof UnsendableValue) return [];
      throw error;
    }
  }
}

/** No address has control characters or half characters, and an API might trip over them. */
function isSendable(value: string): boolean {
  return value.isWellFormed() && !/\p{Cc}/u.test(value);
}
