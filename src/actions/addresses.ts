import type { Facts } from '../facts/facts.js';
import { type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { parseEmailAddress } from '../shared/email-address.js';
import type { ActionAddress } from './action.js';
import { readText, renderText, renderTexts, type TextContext } from './text-values.js';

export type AddressesTemplate = (facts: Facts) => ActionAddress[];

/**
 * A list of addresses at `key`: texts (`"{{ sender.address }}"`, an expression giving a list is spread) or Emailgistics'
 * own form `{ "emailAddress": { "name", "address" } }`. What renders to no address is left out, and so is a second mention.
 */
export function readAddresses(context: TextContext, reader: ObjectReader, key: string): AddressesTemplate | undefined {
  const nodes = reader.array(key);
  if (nodes === undefined) return undefined;
  // Without recipients there is no message; an empty list of copies is nothing but a list.
  if (nodes.length === 0 && key === 'toAddresses')
    context.document.error(reader.get(key)!, `"${key}" must not be empty`);
  const templates = nodes.map((node) => readAddress(context, node)).filter((template) => template !== undefined);
  return (facts) => {
    const byAddress = new Map<string, ActionAddress>();
    for (const { name, address } of templates.flatMap((template) => template(facts))) {
      const email = parseEmailAddress(address);
      if (email !== null && !byAddress.has(email.address)) {
        byAddress.set(email.address, { emailAddress: { name, address: email.address } });
      }
    }
    return [...byAddress.values()];
  };
}

type NamedAddresses = (facts: Facts) => { name: string; address: string }[];

function readAddress(context: TextContext, node: JsonNode): NamedAddresses | undefined {
  if (node.type === 'string') {
    const template = readText(context, node, 'an address');
    if (template === undefined) return undefined;
    if (template.isLiteral) checkLiteral(context, node);
    return (facts) => renderTexts([template], facts).map((address) => ({ name: '', address }));
  }
  const outer = ObjectReader.of(context.document, node, 'an address');
  outer?.allow(['emailAddress'], 'an address');
  const inner = outer?.require('emailAddress', 'an address') && outer.object('emailAddress');
  inner?.allow(['name', 'address'], '"emailAddress"');
  const addressNode = inner?.require('address', '"emailAddress"');
  if (inner === undefined || addressNode === undefined) return undefined;
  const address = readText(context, addressNode, '"address"');
  const nameNode = inner.get('name');
  const name = nameNode && readText(context, nameNode, '"name"', { allowEmpty: true });
  if (address === undefined) return undefined;
  if (address.isLiteral) checkLiteral(context, addressNode);
  return (facts) => {
    const rendered = renderText(address, facts);
    return rendered === undefined ? [] : [{ name: (name && renderText(name, facts)) ?? '', address: rendered }];
  };
}

function checkLiteral({ document }: TextContext, node: JsonNode): void {
  if (parseEmailAddress(String(valueOf(node))) === null) document.error(node, 'not an e-mail address');
}
