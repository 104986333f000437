/** A person or mailbox as the sender wrote it: nothing normalised yet. */
export interface Correspondent {
  readonly name: string;
  readonly address: string;
}

/**
 * One message as Emailgistics delivered it, after validation: every field present and of its type, texts as received.
 *
 * @source Emailgistics webhook documentation, "Request payload"
 */
export interface Delivery {
  /** Opaque, unique per message. */
  readonly id: string;
  /** `received`, or a kind that came later. */
  readonly event: string;
  /** Address of the shared mailbox, lower case. */
  readonly mailbox: string;
  /** Header From; null when the message has none. */
  readonly from: Correspondent | null;
  /** Envelope sender; null when the message has none. */
  readonly sender: Correspondent | null;
  readonly to: readonly Correspondent[];
  readonly cc: readonly Correspondent[];
  readonly subject: string;
  /** Plain text, null when the webhook is not set to include it. */
  readonly bodyText: string | null;
  readonly hasAttachments: boolean;
  /** ISO 8601, as received. */
  readonly received: string;
  /** ISO 8601, as received. */
  readonly timestamp: string;
  readonly conversationId: string;
  readonly internetMessageId: string;
  /** Current values of the conversation; empty when the webhook is not set to include them. */
  readonly customFields: Readonly<Record<string, string>>;
}
