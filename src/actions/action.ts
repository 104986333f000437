/** An address in an answer; both parts are always sent. */
export interface ActionAddress {
  readonly emailAddress: { readonly name: string; readonly address: string };
}

export interface AssignmentSpec {
  /** Display names or addresses; never together with `assignToAnyUser`. */
  readonly users?: readonly string[];
  readonly assignToAnyUser?: true;
  readonly ignoreAvailability?: boolean;
  readonly ignoreMaxMessages?: boolean;
  readonly assignIfUserAvailableWithinMinutes?: number;
  readonly aaMethod?: number;
}

export interface AssignValue {
  readonly mainAssignment: AssignmentSpec;
  readonly backupAssignments?: readonly AssignmentSpec[];
}

export interface InlineAsset {
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly base64Content: string;
}

export interface SendMessageValue {
  readonly templateName?: string;
  readonly body?: string;
  readonly bodyType?: 'html' | 'text';
  readonly subject?: string;
  readonly toAddresses: readonly ActionAddress[];
  readonly ccAddresses?: readonly ActionAddress[];
  readonly bccAddresses?: readonly ActionAddress[];
  readonly inlineAssets?: readonly InlineAsset[];
}

export interface ForwardMessageValue {
  readonly toAddresses: readonly ActionAddress[];
  readonly comment?: string;
}

/** The value of each action type that Emailgistics knows. */
export interface ActionValues {
  readonly setCustomFields: Readonly<Record<string, string>>;
  readonly tag: { readonly tags: readonly string[] };
  readonly assign: AssignValue;
  readonly sendMessage: SendMessageValue;
  readonly forwardMessage: ForwardMessageValue;
}

export type ActionType = keyof ActionValues;

/**
 * One entry of the answer's `actions`, in the shape that Emailgistics applies.
 *
 * @source Emailgistics webhook documentation, "Actions"
 */
export type Action = {
  [Type in ActionType]: { readonly type: Type; readonly name?: string; readonly value: ActionValues[Type] };
}[ActionType];
