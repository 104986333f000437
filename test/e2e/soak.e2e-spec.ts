import { beforeAll, expect, test } from '@jest/globals';
import { buildService } from '../support/service-process.js';
import { runSoakTrial } from '../trials/soak-trial.js';

/** `npm run trial:soak`; without the variable nothing is run. `SOAK_SEED` repeats one. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 0);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 2 ** 31);

beforeAll(buildService, 120_000);

(SECONDS > 0 ? test : test.skip)(
  `${SECONDS} s at half of what it can take, with reloads, CRM faults and repeats`,
  async () => {
    const report = await runSoakTrial({ seconds: SECONDS, seed: SEED });
    process.stdout.write(`soak, seed ${SEED}: ${JSON.stringify(report)}\n`);
    expect(report.unexpected).toEqual([]);
  },
  (SECONDS + 600) * 1_000,
);
