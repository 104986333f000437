/** Every error that enricher throws on purpose: a stable code and what it means to the operator. */
export const ERROR_CODES = {
  ENVIRONMENT_INVALID: 'an environment variable is missing or wrong',
  RULES_INVALID: 'the rule files have faults, and no earlier set is running',
  CRM_CONFIG_INVALID: 'the CRM configuration has faults',
  CRM_UNAVAILABLE: 'a CRM did not answer, or answered with a passing fault',
  CRM_RATE_LIMITED: 'a CRM asked us to wait',
  CRM_MISCONFIGURED: 'a CRM refuses us, or its data are not as configured; retrying does not help',
  MAILBOXES_INVALID: 'the mailbox catalogue has faults',
  EMAILGISTICS_REFUSED: "Emailgistics' API refuses the key or the address; retrying does not help",
  EMAILGISTICS_RATE_LIMITED: "Emailgistics' API asked us to wait",
  EMAILGISTICS_UNAVAILABLE: "Emailgistics' API did not answer, or answered with a passing fault",
  EMAILGISTICS_ANSWER_UNUSABLE: "Emailgistics' API answered something else than it documents",
  STORE_UNAVAILABLE: 'the database does not answer, or is not there',
  INPUT_INVALID: 'a file or payload given to a command is not usable',
  OUTPUT_FAILED: 'a file that a command should write cannot be written',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error thrown on purpose. The message says what was tried, on what, and what to do; never a secret or personal data. */
export class EnricherError extends Error {
  override readonly name = 'EnricherError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What went wrong, in words. A host with several addresses that refuses at each has a fault without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
