import type { ObjectReader } from '../files/object-reader.js';
import type { ValueTemplate } from './value-template.js';
import { readAddresses } from './addresses.js';
import { LOOP_FACTS } from './no-loops.js';
import { addReads, readText, renderText, type TextContext } from './text-values.js';

export function readForwardMessage(
  context: TextContext,
  reader: ObjectReader,
): ValueTemplate<'forwardMessage'> | undefined {
  reader.allow(['toAddresses', 'comment'], 'the value of forwardMessage');
  reader.require('toAddresses', 'the value of forwardMessage');
  const to = readAddresses(context, reader, 'toAddresses');
  const commentNode = reader.get('comment');
  const comment = commentNode && readText(context, commentNode, '"comment"');
  if (to === undefined) return undefined;
  addReads(context, LOOP_FACTS);
  return (facts) => {
    const toAddresses = to(facts);
    if (toAddresses.length === 0) return null;
    const text = comment && renderText(comment, facts);
    return text === undefined ? { toAddresses } : { toAddresses, comment: text };
  };
}
