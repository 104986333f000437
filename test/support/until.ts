import { setTimeout as turn } from 'node:timers/promises';

const POLL_MS = 20;
/** Below Jest's own limit, so that a test that waits in vain says for what. */
const GIVE_UP_MS = 25_000;

/** Resolves when the condition holds. The limit is no assertion: it only names what never came. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  giveUpMs = GIVE_UP_MS,
): Promise<void> {
  const giveUpAt = performance.now() + giveUpMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`it never came that ${what}`);
    await turn(POLL_MS);
  }
}
