import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { loadRules } from '../../src/rules/load-rules.js';
import { dice } from '../support/dice.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { type DeliveryRecord, SenderSimulator } from '../support/sender-simulator.js';
import { buildService, ServiceProcess } from '../support/service-process.js';
import { isReady, makeWorkspace, readiness, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

/** `EDITS=200` makes the long trial of it (`npm run trial:editing`), `EDITS_SEED` repeats one. */
const EDITS = Number(process.env['EDITS'] ?? 40);
const SEED = Number(process.env['EDITS_SEED'] ?? Date.now() % 2 ** 31);
const SENDERS = 4;
const RESTART_AT = Math.floor(EDITS / 2);

type Files = Readonly<Record<string, string>>;

/** Two files that only fit together, and a test of both: generation n tags `A-n` and `B-n`. */
function generation(n: number): Files {
  const rule = (name: string, tag: string) => ({
    name,
    conditions: { condition: `shared-${n}` },
    actions: [{ type: 'tag', value: { tags: [tag] } }],
  });
  return {
    'a.json': JSON.stringify({ rules: [rule('a', `A-${n}`)] }, null, 2),
    'b.json': JSON.stringify({ conditions: { [`shared-${n}`]: { all: [] } }, rules: [rule('b', `B-${n}`)] }, null, 2),
    'ab.test.json': JSON.stringify({ name: 'both act', expect: { rules: ['a', 'b'] } }),
  };
}

class RulesFolder {
  #swaps = 0;

  constructor(private readonly folder: string) {}

  write(path: string, content: string): void {
    rmSync(join(this.folder, path), { force: true });
    writeFileSync(join(this.folder, path), content);
  }

  replace(path: string, content: string): void {
    writeFileSync(join(this.folder, `.${path}.swp`), content);
    renameSync(join(this.folder, `.${path}.swp`), join(this.folder, path));
  }

  /** As Kubernetes does it: files are links into `..data`, which is a link to a folder and is swapped. */
  swap(files: Files): void {
    const target = `..data-${++this.#swaps}`;
    mkdirSync(join(this.folder, target));
    for (const [path, content] of Object.entries(files)) writeFileSync(join(this.folder, target, path), content);
    this.#link(target, '..data');
    for (const path of Object.keys(files)) this.#link(`..data/${path}`, path);
  }

  #link(target: string, path: string): void {
    symlinkSync(target, join(this.folder, `.${path}.new`));
    renameSync(join(this.folder, `.${path}.new`), join(this.folder, path));
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

beforeAll(buildService, 120_000);

test(`${EDITS} edits under load, with a kill in a broken state, seed ${SEED}`, async () => {
  const roll = dice(SEED);
  const workspace = makeWorkspace({ rules: generation(0), env: { LOG_LEVEL: 'silent', PORT: await freePort() } });
  const folder = new RulesFolder(workspace.rulesDir);
  /** Which generation each revision is that passed: the tests' own reading of the folder says so. */
  const passed = new Map<string, number>();
  const records: DeliveryRecord[] = [];
  let service = await ServiceProcess.start(workspace.env, workspace.folder);
  const { url } = service;
  const notePassed = async (n: number): Promise<string> => {
    const load = await loadRules(workspace.rulesDir, { customerFields: null });
    if (!load.ok) throw new Error(`generation ${n} has faults`);
    passed.set(load.ruleSet.revision, n);
    return load.ruleSet.revision;
  };
  const isRunning = async (revision: string) => {
    const { rules } = await readiness(url);
    return rules.revision === revision && rules.lastRejected === null;
  };
  const isRejected = async (file: string) =>
    (await readiness(url)).rules.lastRejected?.faults.some((fault) => fault.file.endsWith(file)) === true;

  let running = await notePassed(0);
  let isLoading = true;
  const sender = new SenderSimulator({
    url: `${url}/webhooks/emailgistics`,
    secret: SECRET,
    wait: () => until('the service is back', () => isReady(url).catch(() => false)),
  });
  const load = Array.from({ length: SENDERS }, async () => {
    while (isLoading) records.push(await sender.deliver(sampleDelivery()));
  });

  for (let edit = 1; edit <= EDITS; edit++) {
    const files = generation(edit);
    const paths = Object.keys(files);
    const isBroken = roll(2) === 0 || edit === RESTART_AT;
    if (isBroken) {
      const faulty = [
        () => (folder.write('a.json', files['a.json']!.slice(0, 20 + roll(40))), 'a.json'),
        () => (folder.replace('a.json', files['a.json']!), 'a.json'),
        () => (
          folder.swap({ ...files, 'ab.test.json': JSON.stringify({ name: 'red', expect: { rules: ['b'] } }) }),
          'ab.test.json'
        ),
        () => (folder.write('b.json', ''), 'b.json'),
      ][roll(4)]!();
      await until(`edit ${edit} is rejected for ${faulty}`, () => isRejected(faulty));
      expect((await readiness(url)).rules.revision).toBe(running);
    } else {
      const how = roll(3);
      if (how === 0) folder.swap(files);
      else
        for (const path of roll(2) === 0 ? paths : paths.toReversed())
          folder[how === 1 ? 'write' : 'replace'](path, files[path]!);
      running = await notePassed(edit);
      await until(`edit ${edit} is live`, () => isRunning(running));
    }
    if (edit === RESTART_AT) {
      service.signal('SIGKILL');
      await until('the process is gone', () => service.ended !== null);
      service = await ServiceProcess.start(workspace.env, workspace.folder);
      const { rules } = await readiness(url);
      expect(rules.revision).toBe(running);
      expect(rules.lastRejected).not.toBeNull();
    }
  }
  isLoading = false;
  await Promise.all(load);
  await service[Symbol.asyncDispose]();
  workspace.remove();

  const wrong = records.filter(({ attempts, outcome, envelope }) => {
    const last = attempts.at(-1)!;
    const n = 'headers' in last ? passed.get(String(last.headers['x-rules-revision'])) : undefined;
    const tags = (envelope?.actions ?? []).flatMap(({ value }) => (value as { tags: string[] }).tags);
    return n === undefined || outcome !== 'applied' || tags.join() !== `A-${n},B-${n}`;
  });
  process.stdout.write(
    `editing: ${records.length} deliveries over ${passed.size} passed of ${EDITS + 1} sets, seed ${SEED}\n`,
  );
  expect(wrong).toEqual([]);
  expect(records.length).toBeGreaterThan(EDITS);
}, 600_000);
