import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { Intake } from './intake.js';
import { type Load, loadLimits, Overload, type OverloadReason } from './overload.js';

beforeAll(() => Logger.overrideLogger(false));

const LIMITS = {
  maxInFlight: 200,
  fewInFlight: 100,
  maxInFlightBytes: 1000,
  maxEventLoopDelayMs: 500,
  maxHeapUsedBytes: 2000,
};
/** Each of a byte. */
const many = (count: number) => Array.from({ length: count }, () => 1);
const IDLE: Load = { eventLoopDelayMs: 0, turn: 0, turnMs: 0, heapUsedBytes: 0 };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function overloadOf(
  load: Partial<Load> = {},
  { random = 0, inFlight = many(100) }: { random?: number; inFlight?: readonly number[] } = {},
) {
  const intake = new Intake();
  const leave = inFlight.map((bytes) => {
    const request = {};
    intake.enter(request, bytes);
    return () => intake.leave(request);
  });
  const metrics = new Metrics();
  const current: { -readonly [K in keyof Load]: Load[K] } = { ...IDLE, ...load };
  const overload = new Overload(intake, metrics, { limits: LIMITS, measure: () => current, random: () => random });
  const refusals = async () => {
    const { values } = await metrics.overloadRefusals.get();
    return values.map(({ value, labels }) => [labels.reason, value]);
  };
  return { overload, refusals, current, leave };
}

test.each<[what: string, load: Partial<Load>, inFlight: readonly number[], bodyBytes: number]>([
  ['nothing is going on', {}, [], 10],
  ['the event loop is as late as it may be', { eventLoopDelayMs: 500 }, many(100), 10],
  ['one turn is long', { eventLoopDelayMs: 100, turnMs: 300 }, many(100), 10],
  ['turns are long, and this one is not yet', { eventLoopDelayMs: 400, turnMs: 250 }, many(100), 10],
  ['the event loop is late, and few are in flight', { eventLoopDelayMs: 5000, turnMs: 5000 }, many(99), 10],
  ['one less than the limit is in flight', {}, many(199), 10],
  ['the bodies come up to the limit', {}, [500], 500],
  ['one body is larger than all together may be, and it is alone', {}, [], 5000],
  ['the heap is full and nothing in flight would free it', { heapUsedBytes: 2001 }, [], 10],
])('lets a delivery in when %s', async (_what, load, inFlight, bodyBytes) => {
  const { overload, refusals } = overloadOf(load, { inFlight });
  expect(overload.refuse(bodyBytes)).toBeNull();
  expect(await refusals()).toEqual([]);
});

test.each<[reason: OverloadReason, load: Partial<Load>, inFlight: readonly number[], bodyBytes: number]>([
  ['event_loop', { eventLoopDelayMs: 501 }, many(100), 10],
  ['event_loop', { eventLoopDelayMs: 2000 }, many(100), 10],
  ['event_loop', { eventLoopDelayMs: 101, turnMs: 251 }, many(100), 10],
  ['event_loop', { eventLoopDelayMs: Infinity }, many(100), 10],
  ['in_flight', {}, many(200), 10],
  ['in_flight_bytes', {}, [500], 501],
  ['heap', { heapUsedBytes: 2001 }, [10], 10],
])('refuses one because of %s, and counts it', async (reason, load, inFlight, bodyBytes) => {
  const { overload, refusals } = overloadOf(load, { inFlight });
  expect(overload.refuse(bodyBytes)).toBe(1);
  expect(await refusals()).toEqual([[reason, 1]]);
});

test.each<[eventLoopDelayMs: number, random: number, isRefused: boolean]>([
  [550, 0.05, true],
  [550, 0.15, false],
  [900, 0.75, true],
  [900, 0.85, false],
  [1000, 0.999, true],
])('of deliveries %i ms late it refuses a share: with chance %f %s', (eventLoopDelayMs, random, isRefused) => {
  expect(overloadOf({ eventLoopDelayMs }, { random }).overload.refuse(10) !== null).toBe(isRefused);
});

test.each<[random: number, lastedMs: number, seconds: number]>([
  [0, 0, 1],
  [0.5, 0, 6],
  [0.999, 0, 10],
  [0, 3_000, 4],
  [0, 60_000, 5],
  [0.999, 60_000, 10],
])('with chance %f after %i ms it says %i s', (random, lastedMs, seconds) => {
  const { overload } = overloadOf({ eventLoopDelayMs: 1000 }, { random });
  overload.refuse(10);
  // In steps: it is over when nobody was refused for a while.
  for (let ms = 0; ms < lastedMs; ms += 1000) {
    jest.advanceTimersByTime(1000);
    overload.refuse(10);
  }
  expect(overload.refuse(10)).toBe(seconds);
});

test('what a late turn takes in counts, even if it is answered at once, and the next turn begins anew', () => {
  const { overload, current } = overloadOf({ eventLoopDelayMs: 600, turnMs: 600 }, { inFlight: [] });
  const taken = () => Array.from({ length: 300 }, () => overload.refuse(10)).filter((wait) => wait === null).length;
  expect(taken()).toBe(100);
  current.turn++;
  expect(taken()).toBe(100);
});

test('what was answered makes room again, its bytes too', () => {
  const { overload, leave } = overloadOf({}, { inFlight: [400, 400, 100] });
  expect(overload.refuse(150)).not.toBeNull();
  leave.shift()!();
  expect(overload.refuse(150)).toBeNull();
  expect(overload.refuse(600)).not.toBeNull();
});

test('after a quiet while with room the waits are short again', () => {
  const { overload, current } = overloadOf({ eventLoopDelayMs: 501 });
  overload.refuse(10);
  jest.advanceTimersByTime(4_900);
  expect(overload.refuse(10)).toBe(5);
  // Nobody comes, and nobody would be let in.
  jest.advanceTimersByTime(20_000);
  expect(overload.refuse(10)).toBe(5);
  current.eventLoopDelayMs = 0;
  jest.advanceTimersByTime(10_000);
  current.eventLoopDelayMs = 501;
  expect(overload.refuse(10)).toBe(1);
});

test('no timer is left when it is closed', () => {
  const { overload } = overloadOf({ eventLoopDelayMs: 501 });
  overload.refuse(10);
  expect(jest.getTimerCount()).toBe(1);
  overload.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('the limits leave room below the end of the heap', () => {
  const { maxInFlight, maxInFlightBytes, maxHeapUsedBytes } = loadLimits(7);
  expect(maxInFlight).toBe(7);
  expect(maxInFlightBytes).toBeLessThan(maxHeapUsedBytes);
  expect(maxHeapUsedBytes).toBeGreaterThan(0);
});
