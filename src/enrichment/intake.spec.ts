import { expect, test } from '@jest/globals';
import { Intake } from './intake.js';

type Step = 'enter' | 'leave' | 'begin' | 'settle' | 'fail';

/** One delivery, and the works on it, of which the oldest settles first. */
class Story {
  readonly intake = new Intake();
  readonly #request = {};
  readonly #works: PromiseWithResolvers<string>[] = [];
  readonly #results: Promise<unknown>[] = [];

  /** @returns how many are in flight then, and with how many bytes */
  async take(step: Step): Promise<[count: number, bytes: number]> {
    if (step === 'enter') this.intake.enter(this.#request, 10);
    if (step === 'leave') this.intake.leave(this.#request);
    if (step === 'begin') {
      const work = Promise.withResolvers<string>();
      this.#works.push(work);
      this.#results.push(this.intake.during(this.#request, () => work.promise));
    }
    if (step === 'settle' || step === 'fail') {
      const [work, result] = [this.#works.shift()!, this.#results.shift()!];
      if (step === 'settle') work.resolve('answer');
      else work.reject(new Error('the work fails'));
      await (step === 'settle' ? expect(result).resolves.toBe('answer') : expect(result).rejects.toThrow('fails'));
    }
    return [this.intake.inFlight, this.intake.inFlightBytes];
  }
}

test.each<[what: string, steps: readonly Step[], counts: readonly number[]]>([
  ['answered', ['enter', 'begin', 'settle', 'leave', 'leave'], [1, 1, 1, 0, 0]],
  ['refused before anything works on it', ['enter', 'leave', 'leave'], [1, 0, 0]],
  ['given up on by its sender', ['enter', 'begin', 'leave', 'leave', 'settle'], [1, 1, 1, 1, 0]],
  ['failed', ['enter', 'begin', 'fail', 'leave'], [1, 1, 1, 0]],
  ['given up on, and failed', ['enter', 'begin', 'leave', 'fail'], [1, 1, 1, 0]],
  ['given up on while two work on it', ['enter', 'begin', 'begin', 'leave', 'settle', 'settle'], [1, 1, 1, 1, 1, 0]],
  ['decided although nobody waits any more', ['enter', 'leave', 'begin', 'settle'], [1, 0, 1, 0]],
])('a delivery that is %s counts as long as it is answered or worked on', async (_, steps, counts) => {
  const story = new Story();
  for (const [index, step] of steps.entries())
    expect([step, (await story.take(step))[0]]).toEqual([step, counts[index]]);
  expect(story.intake.inFlightBytes).toBe(0);
});

test('its bytes count with it', async () => {
  const story = new Story();
  await story.take('enter');
  expect(await story.take('begin')).toEqual([1, 10]);
  expect(await story.take('leave')).toEqual([1, 10]);
  expect(await story.take('settle')).toEqual([0, 0]);
});

test('the end waits for work that nobody waits for', async () => {
  const story = new Story();
  for (const step of ['enter', 'begin', 'leave'] as const) await story.take(step);
  let isDrained = false;
  const drained = story.intake.drain().then(() => (isDrained = true));
  expect(story.intake.isDraining).toBe(true);
  await story.take('leave');
  expect(isDrained).toBe(false);
  await story.take('settle');
  await drained;
});
