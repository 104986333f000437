import { expect, test } from '@jest/globals';
import { type FieldMap, mapFields } from './field-map.js';

const ROW = { claim_no: 'CLM-1', total: ' 12.50 ', vip: 'Yes', tags: 'a; b;;c', open: 3, photo: null, parts: ['x'] };

test.each<[string, FieldMap, object]>([
  ['every column under its own name', null, ROW],
  ['names of our own', { claimNumber: 'claim_no' }, { claimNumber: 'CLM-1' }],
  ['no field for a column that is missing', { claimNumber: 'claim_no', tier: 'tier' }, { claimNumber: 'CLM-1' }],
  ['no field from a prototype', { x: 'toString', y: { from: 'constructor', type: 'text' } }, {}],
  ['a number of text', { total: { from: 'total', type: 'number' } }, { total: 12.5 }],
  ['a number as it is', { open: { from: 'open', type: 'number' } }, { open: 3 }],
  ['no number of other text', { open: { from: 'claim_no', type: 'number' } }, {}],
  ['text of a number', { open: { from: 'open', type: 'text' } }, { open: '3' }],
  ['no text of a list', { parts: { from: 'parts', type: 'text' } }, {}],
  ['a boolean of a word', { vip: { from: 'vip', type: 'boolean' } }, { vip: true }],
  ['no boolean of another word', { vip: { from: 'claim_no', type: 'boolean' } }, {}],
  ['a list of text', { tags: { from: 'tags', type: 'list' } }, { tags: ['a', 'b', 'c'] }],
  ['a list as it is', { parts: { from: 'parts', type: 'list' } }, { parts: ['x'] }],
  ['a list of one number', { open: { from: 'open', type: 'list' } }, { open: ['3'] }],
  ['no list of nothing', { photo: { from: 'photo', type: 'list' } }, {}],
])('gives %s', (_, fields, expected) => {
  expect(mapFields(ROW, fields)).toEqual(expected);
});
