import type { ObjectReader } from '../files/object-reader.js';
import type { ValueTemplate } from './value-template.js';
import { readTexts, renderTexts, type TextContext } from './text-values.js';

export function readTag(context: TextContext, reader: ObjectReader): ValueTemplate<'tag'> | undefined {
  reader.allow(['tags'], 'the value of tag');
  const templates = readTexts(context, reader, 'tags', 'the value of tag');
  if (templates === undefined) return undefined;
  return (facts) => {
    const tags = [...new Set(renderTexts(templates, facts))];
    return tags.length === 0 ? null : { tags };
  };
}
