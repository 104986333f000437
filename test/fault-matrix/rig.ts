import type { FaultName } from './faults.js';

/** One kind of provider with a CRM behind it that knows the contract's customers, and that can be broken. */
export interface Rig {
  /** Its entry in `crm.json`. */
  readonly provider: Readonly<Record<string, unknown>>;
  /** What breaks it, for each fault that its kind suffers; it says how to mend it. */
  readonly faults: Partial<Readonly<Record<FaultName, () => Mend | Promise<Mend>>>>;
  /** Faults of the records themselves: who is in none is answered all the same. */
  readonly ofRecords?: readonly FaultName[];
  /** Calls that reached the CRM so far; null when they cannot be counted. */
  calls(): number | null;
  close(): Promise<void>;
}

export type Mend = () => void | Promise<void>;

export interface Kind {
  readonly name: string;
  /** What can go wrong with it. */
  readonly suffers: readonly FaultName[];
  start(): Promise<Rig>;
  /** It answers from memory: a fault matters only at the next start. */
  readonly isInMemory?: boolean;
}
