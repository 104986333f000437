import { Ajv } from 'ajv';
import type { Envelope } from '../../src/enrichment/envelope.js';

const text = { type: 'string' };
const texts = { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 };

const addresses = {
  type: 'array',
  items: shape({ emailAddress: shape({ name: text, address: { type: 'string', minLength: 1 } }) }),
};

const assignment = {
  ...shape(
    {},
    {
      users: texts,
      assignToAnyUser: { const: true },
      ignoreAvailability: { type: 'boolean' },
      ignoreMaxMessages: { type: 'boolean' },
      assignIfUserAvailableWithinMinutes: { type: 'integer' },
      aaMethod: { type: 'number' },
    },
  ),
  oneOf: [{ required: ['users'] }, { required: ['assignToAnyUser'] }],
};

const copies = { ccAddresses: addresses, bccAddresses: addresses };
const asset = shape({ id: text, filename: text, contentType: text, base64Content: text });

/** The five shapes of an action's value, by type. @source Emailgistics webhook documentation, "Actions" */
const VALUES = {
  setCustomFields: { type: 'object', minProperties: 1, additionalProperties: { type: 'string', maxLength: 100 } },
  tag: shape({ tags: texts }),
  assign: shape({ mainAssignment: assignment }, { backupAssignments: { type: 'array', items: assignment } }),
  sendMessage: {
    oneOf: [
      shape({ templateName: text, toAddresses: addresses }, { subject: text, ...copies }),
      shape(
        { body: text, bodyType: { enum: ['html', 'text'] }, subject: text, toAddresses: addresses },
        { ...copies, inlineAssets: { type: 'array', items: asset } },
      ),
    ],
  },
  forwardMessage: shape({ toAddresses: addresses }, { comment: text }),
};

const action = {
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
  oneOf: Object.entries(VALUES).map(([type, value]) => shape({ type: { const: type }, value }, { name: text })),
};

/** @source Emailgistics webhook documentation, "Response envelope" */
const envelope = shape(
  { status: { enum: ['success', 'error'] }, message: text },
  { actions: { type: 'array', items: action } },
);

const validate = new Ajv({ allErrors: true, discriminator: true, strictRequired: false }).compile<Envelope>(envelope);

export type EnvelopeCheck =
  | { readonly ok: true; readonly envelope: Envelope }
  /** What Emailgistics would not understand. */
  | { readonly ok: false; readonly violations: readonly string[] };

/** The envelope in the body of a 200, held to the contract strictly: nothing undocumented, no wrong shape. */
export function checkEnvelope(body: string): EnvelopeCheck {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { ok: false, violations: ['the body is no JSON'] };
  }
  if (validate(parsed)) return { ok: true, envelope: parsed };
  return { ok: false, violations: (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`) };
}

function shape(required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}
