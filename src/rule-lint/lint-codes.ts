/** What the linter warns of, by the code that a warning carries, and why it matters. */
export const LINT_CODES = {
  'never-matches': 'The conditions of a rule contradict each other, so it can never match',
  'never-acts': 'An earlier rule of the same exclusive group, or one that stops the others, always takes precedence',
  'duplicate-rule': 'Another rule has the same conditions and the same actions',
  'conflicting-fields': 'Two rules that can match together set one custom field to different values',
  'unmapped-field': 'No CRM provider maps a field of the customer',
  'unknown-tag': 'The mailbox catalogue has no such tag',
  'unknown-user': 'The mailbox catalogue has no such user',
  'unknown-custom-field': 'The mailbox catalogue has no such custom field',
  'unknown-template': 'The mailbox catalogue has no such message template',
  'value-too-long': 'Emailgistics keeps 100 characters of a custom field, the rest is cut',
  'value-fails-pattern': "A value does not fit the custom field's pattern and would be left out",
  'holds-when-missing': 'A negative condition on a customer field holds for senders without a record, too',
  'unused-condition': 'No rule uses a named condition',
  'unused-list': 'No rule uses a reference list',
} as const;

export type LintCode = keyof typeof LINT_CODES;
