import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { runTrial } from '../../bench/overload/trial.ts';
import { buildService } from '../support/service-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The service's default. */
const ANSWER_DEADLINE_MS = 20_000;

beforeAll(buildService, 120_000);

test('with three times what it can take, every answer is 200 or 429 and within the deadline, and it recovers', async () => {
  const options = { capacitySeconds: 1, seconds: 3, times: 3, connections: 600, maxInFlight: 200 };
  const { answers, live, normalAgainMs } = await runTrial({ root: ROOT, cli: join(ROOT, 'dist/cli.js'), ...options });
  expect([...answers.keys()].toSorted((a, b) => a - b)).toEqual([200, 429]);
  expect([...answers.values()].flat().filter((ms) => ms > ANSWER_DEADLINE_MS)).toEqual([]);
  expect(live.answered).toBe(live.asked);
  expect(normalAgainMs).not.toBeNull();
}, 120_000);
