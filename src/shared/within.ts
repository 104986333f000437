import { setImmediate } from 'node:timers';

/** A turn of the event loop that blocks for long takes one of these at most. */
const SLICES = 10;

/**
 * @throws Error when the work takes longer, in milliseconds; it goes on, and what it comes to is dropped. Time in which our own event loop stood
 *   still is not held against it: neither what came meanwhile and is not seen yet, nor what could not even be sent.
 */
export async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(`no answer within ${timeoutMs} ms`));
  let left = SLICES;
  const wait = () => {
    left -= 1;
    if (left === 0) setImmediate(giveUp);
    else timer = setTimeout(wait, timeoutMs / SLICES);
  };
  let timer = setTimeout(wait, timeoutMs / SLICES);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
