import type { AuthOptions } from './auth/auth-options.js';
import type { DataPath } from './data-path.js';
import type { Template } from './template.js';

/** A CRM's API as a connector file describes it, with the user's parameters in it. */
export interface Connector {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Further hosts that the API may send us to: `api.crm.example`, or `*.crm.example` for all below it. */
  readonly hosts: readonly string[];
  readonly headers: readonly NamedTemplate[];
  readonly auth: AuthOptions;
  readonly byEmail: LookupRequest;
  readonly byDomain: LookupRequest | null;
  /** Asked one after the other; empty when the CRM cannot tell. */
  readonly changedSince: readonly PagedRequest[];
  /** All must be answered; empty to ask for a customer that nobody is. */
  readonly check: readonly RequestTemplate[];
  readonly outcomes: Outcomes;
  /** `tier:label` is read at `tier` with this behind it; null where the CRM gives no labels. */
  readonly labelSuffix: string | null;
  /** What the user gave, which must not be part of a message. */
  readonly secrets: readonly string[];
}

export type NamedTemplate = readonly [name: string, template: Template];

export interface RequestTemplate {
  /** Its key in the connector, for messages. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: Template;
  readonly query: readonly NamedTemplate[];
  readonly headers: readonly NamedTemplate[];
  readonly body: BodyTemplate | null;
  /** Where the records stand in the answer. */
  readonly items: DataPath;
  /** What answers to this request mean, asked before those of the connector. */
  readonly outcomes: Outcomes;
  /** A 404 says that there is nobody, not that the address is wrong. */
  readonly mayFindNothing: boolean;
}

export type BodyTemplate =
  | { readonly type: 'json'; readonly value: JsonTemplate }
  | { readonly type: 'form'; readonly fields: readonly NamedTemplate[] };

export type JsonTemplate =
  | { readonly type: 'literal'; readonly value: null | boolean | number | string }
  | { readonly type: 'text'; readonly template: Template }
  | { readonly type: 'list'; readonly items: readonly JsonTemplate[] }
  | { readonly type: 'object'; readonly members: readonly (readonly [key: string, value: JsonTemplate])[] };

/** Where in an item the fields of each level stand; null where it has none of them. */
export interface Levels {
  readonly contact: DataPath | null;
  readonly company: DataPath | null;
}

export interface LookupRequest extends RequestTemplate, Levels {
  /** An item counts only when what was asked for stands at one of these; empty to believe the CRM. */
  readonly where: readonly DataPath[];
  readonly followUps: readonly FollowUp[];
}

/** A further request with an id of the item. */
export interface FollowUp extends RequestTemplate {
  readonly as: Level;
  readonly id: DataPath;
}

export type Level = 'contact' | 'company';

export interface PagedRequest extends RequestTemplate, Levels {
  readonly next: NextPage | null;
  readonly emails: readonly DataPath[];
  readonly domains: readonly DataPath[];
}

/** How the next page is asked for: by a text of the answer, its address, an id of its last item, or its number. */
export type NextPage = (
  | { readonly type: 'cursor'; readonly cursor: DataPath }
  | { readonly type: 'url'; readonly url: DataPath }
  | { readonly type: 'last'; readonly last: DataPath; readonly first: string | null }
  | { readonly type: 'page'; readonly first: number }
) & {
  /** There is a next page only when something is true there; null to go by what was found. */
  readonly more: DataPath | null;
  /** There is none when something is true there. */
  readonly until: DataPath | null;
};

/** What answers mean, asked before what their status means anyway. */
export interface Outcomes {
  readonly notFound: readonly AnswerMatcher[];
  readonly rateLimited: readonly RateLimitMatcher[];
  readonly retry: readonly AnswerMatcher[];
  readonly misconfigured: readonly AnswerMatcher[];
}

/** Everything that it says must hold. */
export interface AnswerMatcher {
  readonly statuses: readonly number[] | null;
  /** One of the values stands there. */
  readonly body: { readonly path: DataPath; readonly values: readonly unknown[] } | null;
  /** Nothing stands there. */
  readonly missing: DataPath | null;
  readonly isEmpty: boolean | null;
}

export interface RateLimitMatcher extends AnswerMatcher {
  readonly waitSeconds: number | null;
  /** A header with seconds, or with a time in seconds since 1970. */
  readonly waitHeader: string | null;
}
