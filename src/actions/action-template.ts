import { didYouMean } from '../files/did-you-mean.js';
import { type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import type { ActionType } from './action.js';
import { readAssign } from './assign.js';
import { readForwardMessage } from './forward-message.js';
import { readSendMessage } from './send-message.js';
import { readSetCustomFields } from './set-custom-fields.js';
import { readTag } from './tag.js';
import { isLiteral } from './text-template.js';
import type { ActionContext, ActionVariable, TextContext } from './text-values.js';
import type { ValueTemplate } from './value-template.js';

/** An action of a rule, checked and ready to render. */
export type ActionTemplate = {
  [Type in ActionType]: {
    readonly type: Type;
    readonly name: string | null;
    readonly render: ValueTemplate<Type>;
    /** Texts of the value as the rule has them. They may be named in logs; what was rendered may be personal. */
    readonly literals: ReadonlySet<string>;
    /** Names of the facts that its texts read. */
    readonly reads: ReadonlySet<string>;
    /** Where in the facts they read. */
    readonly variables: readonly ActionVariable[];
    /** The custom fields that it may set; empty for any other type. */
    readonly fields: readonly string[];
  };
}[ActionType];

interface ActionDefinition<Type extends ActionType> {
  readonly description: string;
  readonly read: (context: TextContext, value: ObjectReader) => ValueTemplate<Type> | undefined;
}

/** The vocabulary of actions, one line each. */
export const ACTION_DEFINITIONS: { readonly [Type in ActionType]: ActionDefinition<Type> } = {
  setCustomFields: { description: 'Sets custom fields of the conversation', read: readSetCustomFields },
  tag: { description: 'Adds tags that exist on the mailbox', read: readTag },
  assign: { description: 'Assigns the message to one user of a pool', read: readAssign },
  sendMessage: { description: 'Sends a message from the mailbox', read: readSendMessage },
  forwardMessage: { description: 'Forwards the message', read: readForwardMessage },
};

export const ACTION_TYPES = Object.keys(ACTION_DEFINITIONS) as ActionType[];

/** The action at a node; undefined (recorded in the document) when it has a fault. */
export function readAction(context: ActionContext, node: JsonNode): ActionTemplate | undefined {
  const reader = ObjectReader.of(context.document, node, 'an action');
  if (reader === undefined) return undefined;
  reader.allow(['type', 'name', 'value'], 'an action');
  reader.require('type', 'an action');
  const type = readType(context, reader);
  const name = readName(context, reader);
  reader.require('value', 'an action');
  const value = reader.object('value');
  if (type === undefined || value === undefined) return undefined;
  const variables: ActionVariable[] = [];
  const render = ACTION_DEFINITIONS[type].read({ ...context, variables, field: null }, value);
  // The type of `render` follows from `type`, which the compiler cannot see through the union.
  if (render === undefined) return undefined;
  const reads = new Set(variables.map(({ segments }) => String(segments[0])));
  const fields = type === 'setCustomFields' ? value.keys : [];
  return { type, name, render, literals: textsIn(value.node), reads, variables, fields } as ActionTemplate;
}

function textsIn(node: JsonNode, texts = new Set<string>()): Set<string> {
  if (node.type === 'string') texts.add(String(valueOf(node)).trim());
  for (const child of node.children ?? []) textsIn(child, texts);
  return texts;
}

/** What people read in Emailgistics' logs: it stays as it is written. */
function readName({ document }: ActionContext, reader: ObjectReader): string | null {
  const name = reader.string('name') ?? null;
  if (name !== null && !isLiteral(name))
    document.error(reader.get('name')!, 'the name of an action is no template, it holds no {{ or {%');
  return name;
}

function readType({ document }: ActionContext, reader: ObjectReader): ActionType | undefined {
  const written = reader.string('type');
  const type = ACTION_TYPES.find((known) => known === written);
  if (written !== undefined && type === undefined) {
    document.error(reader.get('type')!, `unknown action type "${written}"${didYouMean(written, ACTION_TYPES)}`);
  }
  return type;
}
