import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import type { DeliveryRecord, SenderSimulator } from '../support/sender-simulator.js';

/** One delivery, with its up to three attempts. */
export interface Sent extends DeliveryRecord {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** A message, and all deliveries of it. */
export interface Message {
  readonly id: string;
  readonly address: string;
  readonly payload: object;
  readonly sent: Sent[];
}

/** A message of a sender of its own, so that look-ups tell for whom they were. */
export function makeMessage(): Message {
  const payload = sampleDelivery();
  const id = payload['id'] as string;
  const address = `${id}@people.example`;
  const from = correspondent(address, 'Somebody');
  return { id, address, payload: { ...payload, from, sender: from }, sent: [] };
}

export interface Load {
  /** Of the same loads all that was sent stands here. */
  readonly messages: Message[];
  /** Sends no more; resolves when all is answered or had its attempts. */
  stop(): Promise<void>;
}

/**
 * Steady load: each sender sends one after the other; every fourth is also sent twice at once, and every fourth an older one again.
 *
 * @param pace waited for after each delivery
 */
export function startLoad(
  sender: SenderSimulator,
  { senders, roll, pace }: { senders: number; roll: (sides: number) => number; pace?: () => Promise<unknown> },
): Load {
  const messages: Message[] = [];
  let isLoading = true;
  const deliver = async (message: Message) => {
    const from = Date.now();
    const record = await sender.deliver(message.payload);
    message.sent.push({ ...record, from, to: Date.now() });
  };
  const loops = Array.from({ length: senders }, async () => {
    while (isLoading) {
      const message = makeMessage();
      messages.push(message);
      const isTwiceAtOnce = roll(4) === 0;
      await Promise.all([deliver(message), ...(isTwiceAtOnce ? [deliver(message)] : [])]);
      if (roll(4) === 0) await deliver(messages[roll(messages.length)]!);
      await pace?.();
    }
  });
  const done = Promise.all(loops);
  // Whoever stops the load hears of it.
  done.catch(() => undefined);
  return {
    messages,
    async stop() {
      isLoading = false;
      await done;
    },
  };
}

/** Bodies of all answers with 200. */
export function bodiesOf({ sent }: Pick<Message, 'sent'>): string[] {
  return sent.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => ('status' in attempt && attempt.status === 200 ? [attempt.text] : [])),
  );
}

/** How often each outcome of an attempt came: a status, or the code of a failed connection. */
export function countAttempts(messages: readonly Message[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const attempt of messages.flatMap(({ sent }) => sent).flatMap(({ attempts }) => attempts)) {
    const outcome = 'status' in attempt ? String(attempt.status) : attempt.error;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
