import type { Schema } from '../files/json-schema.js';

/** The JSON Schema of `config/mailboxes.json`, for editors; `enricher check` says more. */
export function mailboxesSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Mailbox catalogue of enricher',
    description:
      'What each shared mailbox has in Emailgistics. A list left out is not known, and nothing is checked; an empty list says that there are none',
    type: 'object',
    additionalProperties: false,
    required: ['mailboxes'],
    properties: {
      $schema: {
        type: 'string',
      },
      description: {
        $ref: '#/definitions/note',
      },
      mailboxes: {
        type: 'object',
        description: 'By the address of the mailbox',
        propertyNames: {
          pattern: '^[^@\\s].*@[^@\\s]+$',
        },
        additionalProperties: {
          $ref: '#/definitions/mailbox',
        },
      },
    },
    definitions: {
      mailbox: {
        type: 'object',
        additionalProperties: false,
        properties: {
          description: {
            $ref: '#/definitions/note',
          },
          customFields: {
            type: 'array',
            description: 'The Custom Fields tab of the mailbox. Values for other keys are left out of answers',
            items: {
              $ref: '#/definitions/customField',
            },
          },
          tags: {
            type: 'array',
            description:
              'Tags in exact case; "enricher mailboxes pull" keeps them up to date. Others are left out of answers',
            items: {
              $ref: '#/definitions/name',
            },
          },
          users: {
            type: 'array',
            description:
              'Who can be assigned, in any case; "enricher mailboxes pull" keeps them up to date. Others are left out of answers',
            items: {
              $ref: '#/definitions/user',
            },
          },
          templates: {
            type: 'array',
            description: 'Names of the message templates',
            items: {
              $ref: '#/definitions/name',
            },
          },
          timeZone: {
            type: 'string',
            minLength: 1,
            description: 'IANA name; "enricher mailboxes pull" keeps it up to date',
            examples: ['Europe/Berlin'],
          },
        },
      },
      customField: {
        type: 'object',
        additionalProperties: false,
        required: ['key'],
        properties: {
          key: {
            $ref: '#/definitions/name',
          },
          description: {
            $ref: '#/definitions/note',
          },
          pattern: {
            type: 'string',
            minLength: 1,
            description:
              "The field's validation pattern (RE2). It is found anywhere in the value: ^ and $ at its ends make it cover the whole",
            examples: ['^POL-\\d{6}$'],
          },
        },
      },
      user: {
        description: 'A display name, an address, or both',
        anyOf: [
          {
            $ref: '#/definitions/name',
          },
          {
            type: 'object',
            additionalProperties: false,
            required: ['name', 'email'],
            properties: {
              name: {
                $ref: '#/definitions/name',
              },
              email: {
                $ref: '#/definitions/name',
              },
            },
          },
        ],
      },
      name: {
        type: 'string',
        pattern: '\\S',
      },
      note: {
        type: 'string',
        minLength: 1,
        description: 'A note for people',
      },
    },
  };
}
