import { nearest } from '../files/did-you-mean.js';
import { formatPath, type PathSegments } from './fact-path.js';
import { FACT_DEFINITIONS, isFactName } from './facts.js';

/** Where people look for a fact that stands elsewhere: by the payload's names, and by those of other products. */
const USUAL_SLIPS: Readonly<Record<string, string>> = {
  from: 'sender',
  'message.from': 'sender',
  'message.sender': 'sender',
  'sender.email': 'sender.address',
  'sender.mail': 'sender.address',
  'sender.emailAddress': 'sender',
  'sender.emailAddress.address': 'sender.address',
  'sender.emailAddress.name': 'sender.name',
  'sender.displayName': 'sender.name',
  'message.body': 'message.bodyText',
  'message.text': 'message.bodyText',
  'message.content': 'message.bodyText',
  body: 'message.bodyText',
  attachments: 'message.hasAttachments',
  'message.attachments': 'message.hasAttachments',
  'message.recipients': 'message.to',
  recipients: 'message.to',
  'message.date': 'message.received',
  'message.receivedAt': 'message.received',
  'message.customFields': 'conversation.customFields',
};

/**
 * The path that somebody meant who wrote one that leads nowhere, or undefined when there is none near enough.
 *
 * @param exists whether a path leads to something
 */
export function suggestPath(
  segments: PathSegments,
  customerFields: readonly string[],
  exists: (segments: PathSegments) => boolean,
): string | undefined {
  const found = [...candidates(segments, customerFields)].find(exists);
  return found && formatPath(found);
}

function* candidates(segments: PathSegments, customerFields: readonly string[]): Generator<PathSegments> {
  yield* usualSlips(segments);
  const [root, first, ...rest] = segments;
  if (typeof root !== 'string') return;
  if (!isFactName(root)) {
    yield* fieldsOfThatName(segments, customerFields);
    const near = nearest(root, Object.keys(FACT_DEFINITIONS));
    if (near === undefined) return;
    const mended = [near, ...segments.slice(1)];
    yield mended;
    yield* candidates(mended, customerFields);
  } else if (first !== undefined) {
    const fields = root === 'customer' ? customerFields : Object.keys(FACT_DEFINITIONS[root].fields ?? {});
    const near = nearest(String(first), fields);
    if (near !== undefined) yield [root, near, ...rest];
  }
}

/** The longest beginning of the path that is a usual slip, mended. */
function* usualSlips(segments: PathSegments): Generator<PathSegments> {
  for (let length = segments.length; length > 0; length--) {
    const written = segments.slice(0, length).join('.').toLowerCase();
    const target = Object.entries(USUAL_SLIPS).find(([known]) => known.toLowerCase() === written)?.[1];
    if (target === undefined) continue;
    const rest = segments.slice(length).filter((segment) => segment !== 'emailAddress');
    yield target === 'sender' && rest.length === 0 ? ['sender', 'address'] : [...target.split('.'), ...rest];
    return;
  }
}

/** A field named without its fact: `tier`, `subject`, `customFields.claimNumber`. */
function* fieldsOfThatName([name, ...rest]: PathSegments, customerFields: readonly string[]): Generator<PathSegments> {
  const isSame = (field: string) => field.toLowerCase() === String(name).toLowerCase();
  for (const [root, { fields = {} }] of Object.entries(FACT_DEFINITIONS)) {
    for (const field of Object.keys(fields).filter(isSame)) yield [root, field, ...rest];
  }
  for (const field of customerFields.filter(isSame)) yield ['customer', field, ...rest];
}
