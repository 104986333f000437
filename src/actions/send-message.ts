import type { PathSegments } from '../facts/fact-path.js';
import { ObjectReader } from '../files/object-reader.js';
import type { InlineAsset, SendMessageValue } from './action.js';
import type { ValueTemplate } from './value-template.js';
import { readAddresses } from './addresses.js';
import { LOOP_FACTS } from './no-loops.js';
import { addReads, readText, renderText, type TextContext } from './text-values.js';

const KEYS = [
  'templateName',
  'body',
  'bodyType',
  'subject',
  'toAddresses',
  'ccAddresses',
  'bccAddresses',
  'inlineAssets',
] as const;
/** Facts that are read where the rule does not say to whom, or about what. */
const TO_SENDER: readonly PathSegments[] = [
  ['sender', 'address'],
  ['sender', 'name'],
];
const RE_SUBJECT: readonly PathSegments[] = [['message', 'subjectBase']];
const ASSET_KEYS = ['id', 'filename', 'contentType', 'base64Content'] as const;

/**
 * A message by template (`templateName`) or inline (`body` and `bodyType`), never both. Without `toAddresses` it goes to
 * the sender; an inline one without `subject` is a `Re:` of the message's.
 *
 * @source Emailgistics documentation, "Send message"; it names no default for either, so both are always sent
 */
export function readSendMessage(context: TextContext, reader: ObjectReader): ValueTemplate<'sendMessage'> | undefined {
  reader.allow(KEYS, 'the value of sendMessage');
  checkMode(context, reader);
  const bodyType = reader.oneOf('bodyType', ['html', 'text']);
  const text = (key: 'templateName' | 'subject' | 'body', isHtml = false) => {
    const node = reader.get(key);
    return node && readText(context, node, `"${key}"`, { isHtml });
  };
  const templateName = text('templateName');
  const subject = text('subject');
  const body = text('body', bodyType === 'html');
  const to = readAddresses(context, reader, 'toAddresses');
  const cc = readAddresses(context, reader, 'ccAddresses');
  const bcc = readAddresses(context, reader, 'bccAddresses');
  const inlineAssets = reader
    .array('inlineAssets')
    ?.flatMap((node) => readAsset(ObjectReader.of(context.document, node, 'an inline asset')) ?? []);
  addReads(context, [
    ...LOOP_FACTS,
    ...(to === undefined ? TO_SENDER : []),
    ...(subject === undefined && templateName === undefined ? RE_SUBJECT : []),
  ]);
  return (facts): SendMessageValue | null => {
    const { name, address } = facts.sender;
    const toSender = address === null ? [] : [{ emailAddress: { name: name ?? '', address } }];
    const toAddresses = to === undefined ? toSender : to(facts);
    const content = templateName
      ? { templateName: renderText(templateName, facts) }
      : { body: body && renderText(body, facts), bodyType };
    if (toAddresses.length === 0 || Object.values(content).includes(undefined)) return null;
    const rendered = subject && renderText(subject, facts);
    const subjectText = rendered ?? (templateName ? undefined : `Re: ${facts.message.subjectBase}`);
    const ccAddresses = cc?.(facts) ?? [];
    const bccAddresses = bcc?.(facts) ?? [];
    return {
      ...(content as Pick<SendMessageValue, 'templateName' | 'body' | 'bodyType'>),
      ...(subjectText === undefined ? {} : { subject: subjectText }),
      toAddresses,
      ...(ccAddresses.length === 0 ? {} : { ccAddresses }),
      ...(bccAddresses.length === 0 ? {} : { bccAddresses }),
      ...(inlineAssets === undefined || inlineAssets.length === 0 ? {} : { inlineAssets }),
    };
  };
}

function checkMode({ document }: TextContext, reader: ObjectReader): void {
  const inline = (['body', 'bodyType'] as const).filter((key) => reader.has(key));
  if (reader.has('templateName')) {
    const [first] = inline;
    if (first !== undefined)
      document.error(reader.keyNode(first), 'sendMessage has "templateName" or "body" and "bodyType", not both');
  } else if (inline.length < 2) {
    document.error(reader.node, 'sendMessage needs "templateName", or "body" and "bodyType"');
  }
}

function readAsset(reader: ObjectReader | undefined): InlineAsset | undefined {
  if (reader === undefined) return undefined;
  reader.allow(ASSET_KEYS, 'an inline asset');
  const values = ASSET_KEYS.map((key) => [key, reader.require(key, 'an inline asset') && reader.string(key)] as const);
  if (values.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(values) as unknown as InlineAsset;
}
