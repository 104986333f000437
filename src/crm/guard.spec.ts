import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EnricherError } from '../shared/errors.js';
import { type CrmMatch, RateLimitedError } from './crm.provider.js';
import { toFailure } from './failure.js';
import { Guard } from './guard.js';
import type { LookupObserver } from './lookup-observer.js';

const FOUND: CrmMatch = { kind: 'found', record: { tier: 'gold' } };
const OPTIONS = { timeoutMs: 3_000, maxConcurrent: 4, breakerOpenMs: 10_000 };
const FOREVER = new AbortController().signal;
const down = () => new EnricherError('CRM_UNAVAILABLE', 'it is down');
const refused = () => new EnricherError('CRM_MISCONFIGURED', 'wrong password');
const limited = (seconds: number | null) =>
  new RateLimitedError('too many requests', seconds === null ? null : seconds * 1_000);

type Outcome = CrmMatch | Error | 'never';

/** A provider that does what the list says, call by call; the last for ever. */
class Calls {
  made = 0;
  underWay = 0;
  mostUnderWay = 0;
  aborted = 0;

  constructor(private readonly outcomes: readonly Outcome[]) {}

  readonly ask = async (signal: AbortSignal): Promise<CrmMatch> => {
    const outcome = this.outcomes[Math.min(this.made, this.outcomes.length - 1)]!;
    this.made += 1;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      await null;
      if (outcome instanceof Error) throw outcome;
      if (outcome !== 'never') return outcome;
      return await new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          this.aborted += 1;
          reject(new Error('cancelled'));
        });
      });
    } finally {
      this.underWay -= 1;
    }
  };
}

const heard: string[] = [];
const observer: LookupObserver = {
  called: (_provider, result) => void heard.push(result),
  avoided: () => undefined,
  remembered: () => undefined,
};

beforeEach(() => {
  heard.length = 0;
  jest.useFakeTimers();
});
afterEach(() => void jest.useRealTimers());

const makeGuard = () => new Guard('crm', OPTIONS, observer);

/** What a call came to, while the clock runs as far as it needs to. */
async function outcomeOf(guard: Guard, calls: Calls, signal: AbortSignal = FOREVER): Promise<string> {
  const outcome = guard.call(calls.ask, signal, { left: 1 }).then(
    ({ kind }) => kind,
    (error: unknown) => `${toFailure(error).kind}: ${toFailure(error).message}`,
  );
  let isOver = false;
  void outcome.finally(() => (isOver = true));
  for (let step = 0; !isOver && step < 1_000; step++) await jest.advanceTimersByTimeAsync(10);
  return outcome;
}

describe('a guarded call', () => {
  test.each<[string, Outcome[], string, number]>([
    ['that answers', [FOUND], 'found', 1],
    ['that fails once', [down(), FOUND], 'found', 2],
    ['that fails for good', [down()], 'unavailable: it is down', 2],
    ['that throws what we do not know', [new TypeError('dana@x.example'), FOUND], 'found', 2],
    ['that throws what we do not know, for good', [new TypeError('dana@x.example')], 'unavailable: the call failed', 2],
    ['that is refused', [refused()], 'misconfigured: wrong password', 1],
    ['that is asked to wait a little', [limited(1), FOUND], 'found', 2],
    ['that is asked to wait a little, again and again', [limited(1)], 'rate_limited: too many requests', 2],
    ['that is asked to wait for long', [limited(3_600), FOUND], 'rate_limited: too many requests', 1],
    ['that is asked to wait, nobody says how long', [limited(null), FOUND], 'found', 2],
    ['that never answers', ['never'], 'unavailable: no answer within 3000 ms', 2],
    ['that finds nobody', [{ kind: 'not_found' }], 'not_found', 1],
  ])('%s', async (_, outcomes, expected, made) => {
    const calls = new Calls(outcomes);
    expect(await outcomeOf(makeGuard(), calls)).toBe(expected);
    expect(calls.made).toBe(made);
  });

  test('is cancelled when its time is over', async () => {
    const calls = new Calls(['never']);
    await outcomeOf(makeGuard(), calls);
    expect([calls.aborted, calls.underWay]).toEqual([2, 0]);
  });

  test('is cancelled when nobody waits any more, and not tried again', async () => {
    const calls = new Calls(['never']);
    const waiter = new AbortController();
    setTimeout(() => waiter.abort(), 1_000);
    expect(await outcomeOf(makeGuard(), calls, waiter.signal)).toBe('unavailable: the answer could wait no longer');
    expect([calls.made, calls.aborted]).toEqual([1, 1]);
  });

  test('waits as long as it was asked to before the second try, and no other call goes out meanwhile', async () => {
    const guard = makeGuard();
    const calls = new Calls([limited(2), FOUND]);
    const first = guard.call(calls.ask, FOREVER, { left: 1 });
    await jest.advanceTimersByTimeAsync(1_900);
    const second = guard.call(calls.ask, FOREVER, { left: 1 });
    await jest.advanceTimersByTimeAsync(50);
    expect(calls.made).toBe(1);
    await jest.advanceTimersByTimeAsync(500);
    expect(await Promise.all([first, second])).toEqual([FOUND, FOUND]);
    expect(calls.made).toBe(3);
  });

  test('after a long wait was asked for is not made until it is over, and the state says so', async () => {
    const guard = makeGuard();
    const calls = new Calls([limited(3_600), FOUND]);
    await outcomeOf(guard, calls);
    expect(guard.state).toBe('open');
    await jest.advanceTimersByTimeAsync(3_000_000);
    expect(await outcomeOf(guard, calls)).toBe('rate_limited: it asked us to wait, for 600 s more');
    expect(calls.made).toBe(1);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(await outcomeOf(guard, calls)).toBe('found');
    expect(guard.state).toBe('closed');
    expect(heard).toEqual(['rate_limited', 'found']);
  });

  test('is never asked to wait for more than a day', async () => {
    const guard = makeGuard();
    const calls = new Calls([limited(1e9), FOUND]);
    await outcomeOf(guard, calls);
    await jest.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(await outcomeOf(guard, calls)).toBe('found');
  });
});

describe('the breaker', () => {
  test('lets one call through for each pause while the provider is down for good', async () => {
    const guard = makeGuard();
    const calls = new Calls([down()]);
    for (let delivery = 0; delivery < 50; delivery++) await outcomeOf(guard, calls);
    expect(guard.state).toBe('open');
    const untilOpen = calls.made;
    expect(untilOpen).toBeLessThanOrEqual(10);
    const startedAt = Date.now();
    for (let delivery = 0; delivery < 600; delivery++) {
      await jest.advanceTimersByTimeAsync(500);
      await outcomeOf(guard, calls);
    }
    const pauses = Math.ceil((Date.now() - startedAt) / OPTIONS.breakerOpenMs);
    expect(calls.made - untilOpen).toBeGreaterThan(1);
    expect(calls.made - untilOpen).toBeLessThanOrEqual(pauses);
  });

  test('closes after the first call that succeeds', async () => {
    const guard = makeGuard();
    const calls = new Calls([...Array.from({ length: 5 }, down), FOUND]);
    for (let delivery = 0; delivery < 3; delivery++) await outcomeOf(guard, calls);
    expect(await outcomeOf(guard, calls)).toBe('unavailable: it is left alone for a while, after too many failures');
    await jest.advanceTimersByTimeAsync(OPTIONS.breakerOpenMs);
    expect(await outcomeOf(guard, calls)).toBe('found');
    expect(guard.state).toBe('closed');
  });

  test('opens when everything is refused, and not for some refusals among answers', async () => {
    const guard = makeGuard();
    const some = new Calls(Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? FOUND : refused())));
    for (let delivery = 0; delivery < 40; delivery++) await outcomeOf(guard, some);
    expect([guard.state, some.made]).toEqual(['closed', 40]);
    const all = new Calls([refused()]);
    for (let delivery = 0; delivery < 60; delivery++) await outcomeOf(guard, all);
    expect(guard.state).toBe('open');
    expect(all.made).toBeLessThan(30);
    await jest.advanceTimersByTimeAsync(OPTIONS.breakerOpenMs);
    expect(await outcomeOf(guard, new Calls([FOUND]))).toBe('found');
    expect(guard.state).toBe('closed');
  });

  test('holds nobody up while one call tries', async () => {
    const guard = makeGuard();
    for (let delivery = 0; delivery < 5; delivery++) await outcomeOf(guard, new Calls([down()]));
    await jest.advanceTimersByTimeAsync(OPTIONS.breakerOpenMs);
    const probe = guard.call(new Calls(['never']).ask, FOREVER, { left: 0 });
    await jest.advanceTimersByTimeAsync(1);
    expect(guard.state).toBe('half_open');
    const other = new Calls([FOUND]);
    await expect(guard.call(other.ask, FOREVER, { left: 1 })).rejects.toThrow('it is left alone');
    expect(other.made).toBe(0);
    await expect(guard.check(() => Promise.resolve(), FOREVER)).rejects.toThrow('it is left alone');
    await Promise.all([expect(probe).rejects.toThrow('no answer'), jest.advanceTimersByTimeAsync(3_000)]);
  });

  test('opens again as long as we were told to wait, whatever happens to the clock', async () => {
    const guard = makeGuard();
    await outcomeOf(guard, new Calls([limited(10)]));
    jest.setSystemTime(Date.now() - 3_600_000);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await outcomeOf(guard, new Calls([FOUND]))).toBe('found');
  });

  test('stays closed for single failures among successes', async () => {
    const guard = makeGuard();
    const mixed = new Calls(Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? down() : FOUND)));
    for (let delivery = 0; delivery < 40; delivery++) expect(await outcomeOf(guard, mixed)).toBe('found');
    expect(guard.state).toBe('closed');
  });
});

test('never more calls are under way than allowed, and those who wait get their turn', async () => {
  const calls = new Calls([FOUND]);
  const guard = makeGuard();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => guard.call(calls.ask, FOREVER, { left: 1 })));
  expect(new Set(answers)).toEqual(new Set([FOUND]));
  expect([calls.made, calls.mostUnderWay]).toEqual([1_000, OPTIONS.maxConcurrent]);
});

test('who waits for a place as long as a call may take is not served too late', async () => {
  const guard = makeGuard();
  const slow = new Calls(['never']);
  const first = Array.from({ length: 4 }, () => guard.call(slow.ask, FOREVER, { left: 0 }).catch(() => 'failed'));
  await jest.advanceTimersByTimeAsync(1_000);
  const calls = new Calls([FOUND]);
  const late = Array.from({ length: 3 }, () => guard.call(calls.ask, FOREVER, { left: 0 }));
  await jest.advanceTimersByTimeAsync(2_100);
  expect(await Promise.all([...first, ...late])).toEqual([...first.map(() => 'failed'), FOUND, FOUND, FOUND]);
  const busy = makeGuard();
  const before = Array.from({ length: 8 }, () => busy.call(slow.ask, FOREVER, { left: 0 }).catch(() => 'failed'));
  const crowded = busy.call(calls.ask, FOREVER, { left: 1 });
  await Promise.all([expect(crowded).rejects.toThrow('too many look-ups wait'), jest.advanceTimersByTimeAsync(3_000)]);
  await jest.advanceTimersByTimeAsync(3_000);
  expect(await Promise.all(before)).toEqual(before.map(() => 'failed'));
});

test('a second try is made once for a message, however many calls it needs', async () => {
  const guard = makeGuard();
  const retries = { left: 1 };
  const flaky = new Calls([down(), FOUND, down(), FOUND]);
  const first = guard.call(flaky.ask, FOREVER, retries);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await first).toBe(FOUND);
  await expect(guard.call(flaky.ask, FOREVER, retries)).rejects.toThrow('it is down');
  expect(flaky.made).toBe(3);
});

test('a check is one try, whatever the breaker says, but not while we were asked to wait', async () => {
  const guard = makeGuard();
  for (let delivery = 0; delivery < 5; delivery++) await outcomeOf(guard, new Calls([down()]));
  expect(guard.state).toBe('open');
  await expect(guard.check(() => Promise.resolve(), FOREVER)).resolves.toBeUndefined();
  await expect(guard.check(() => Promise.reject(limited(60)), FOREVER)).rejects.toThrow('too many requests');
  await expect(guard.check(() => Promise.resolve(), FOREVER)).rejects.toThrow('it asked us to wait');
});
