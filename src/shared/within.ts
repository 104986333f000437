import { setImmediate } from 'node:timers';

/**
 * @throws Error when the work takes longer, in milliseconds; it goes on, and what it comes to is dropped. What has come by then counts: after a
 *   late turn of the event loop timers go before what arrived meanwhile, so the answer is given the rest of that turn.
 */
export async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(`no answer within ${timeoutMs} ms`));
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
