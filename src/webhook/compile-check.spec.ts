import { describe, expect, test } from '@jest/globals';
import { IsIn, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import fc from 'fast-check';
import { isObject } from '../shared/is-object.js';
import { compileCheck } from './compile-check.js';
import { parseByDto, parseDelivery } from './parse-delivery.js';
import { WebhookPayloadDto } from './webhook-payload.dto.js';

const isPayload = compileCheck(WebhookPayloadDto);
const VALID = {
  id: 'AAMk1',
  event: 'received',
  mailbox: 'claims@insurer.example',
  from: { emailAddress: { name: 'Dana Reyes', address: 'dana.reyes@northwind.example' } },
};

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, '', ' ', 0, 1, true, false, [], {}, [[]], [{}], { emailAddress: [] }),
  fc.string(),
  fc.jsonValue(),
);
const mostly = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: odd });
const text = mostly(fc.string({ minLength: 1 }));
const emailAddress = mostly(fc.record({ name: odd, address: text }, { requiredKeys: [] }));
const correspondent = mostly(fc.record({ emailAddress, more: odd }, { requiredKeys: [] }));
const payload = fc.record(
  {
    id: text,
    event: text,
    mailbox: mostly(fc.constantFrom('claims@insurer.example', ' Claims@Insurer.example ', 'nobody')),
    from: correspondent,
    sender: correspondent,
    to: mostly(fc.array(correspondent)),
    subject: odd,
    customFields: odd,
    constructor: odd,
    toString: odd,
  },
  { requiredKeys: ['id', 'event', 'mailbox'] },
);

describe('the compiled check of a payload', () => {
  test('accepts and refuses the same as class-validator', () => {
    let accepted = 0;
    fc.assert(
      fc.property(payload, (body) => {
        const { ok } = parseByDto(body);
        expect(isPayload(body)).toBe(ok);
        if (ok) accepted += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  test('changes nothing of what a body is read as', () => {
    fc.assert(
      fc.property(fc.oneof(payload, fc.jsonValue()), (body) => {
        if (isObject(body)) expect(parseDelivery(body)).toEqual(parseByDto(body));
        else expect(parseDelivery(body).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ['the least', { id: '1', event: 'received', mailbox: 'm' }, true],
    ['all that is read', VALID, true],
    ['no sender', { ...VALID, from: null }, true],
    ['a sender without an address', { ...VALID, from: { emailAddress: null } }, true],
    ['an address that is null', { ...VALID, from: { emailAddress: { address: null } } }, true],
    ['an empty id', { ...VALID, id: '' }, false],
    ['an id that is a number', { ...VALID, id: 1 }, false],
    ['a sender that is text', { ...VALID, from: 'dana' }, false],
    ['a sender that is a list', { ...VALID, from: [] }, false],
    ['an address that is a number', { ...VALID, from: { emailAddress: { address: 1 } } }, false],
  ])('%s', (_, body, isAccepted) => {
    expect(isPayload(body)).toBe(isAccepted);
  });
});

class Limited {
  @IsOptional()
  @MaxLength(3)
  name?: string | null;

  @ValidateIf(({ name }: Limited) => name === 'yes')
  @IsIn(['a', 'b'])
  kind?: string;
}
class EachOfMany {
  @IsString({ each: true })
  names!: string[];
}
class OfAGroup {
  @IsString({ groups: ['some'] })
  name!: string;
}
class Unchecked {
  name?: string;
}

test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
  ['a constraint with an argument', { name: 'abc' }, true],
  ['that does not hold', { name: 'abcd' }, false],
  ['a condition that applies', { name: 'yes', kind: 'c' }, false],
  ['a condition that does not', { name: 'no', kind: 'c' }, true],
])('any class is understood: %s', (_, object, isAccepted) => {
  expect(compileCheck(Limited)(object)).toBe(isAccepted);
});

test.each([EachOfMany, OfAGroup, Unchecked])('%p is left to class-validator', (dto) => {
  expect(compileCheck(dto)({ name: 'x', names: ['x'] })).toBe(false);
});
