import { readFile } from 'node:fs/promises';

interface Profile {
  /** Microseconds on the system's monotonic clock. */
  readonly startTime: number;
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** Microseconds of the main thread. */
export interface StepCost {
  readonly step: string;
  readonly microseconds: number;
}

/** A frame belongs to the first step whose pattern fits `function file`; work without such a frame, to the innermost caller that has one. */
const STEPS: readonly (readonly [step: string, frames: RegExp])[] = [
  ['guard', /webhook\/door\.js|auth\/|enrichment\/(intake|overload)\.js|measure-load\.js|under-pressure/],
  ['validation', /webhook\/parse-delivery|webhook\/check-payload|facts\/read-delivery\.js/],
  [
    'idempotency',
    /^(answer|#answerOnce|#claim|hashOf|claim|#claimAll|openRow) .*(answer\.service|decision-keeper|kysely-decision-store)\.js/,
  ],
  ['look-up', /^#lookUp .*enrichment\.service|dist\/crm\//],
  ['facts', /facts\/build-facts\.js/],
  ['decide', /dist\/rules\//],
  ['compose', /actions\/|describe-outcome\.js|envelope\.js/],
  ['store', /^(#row|makeId) .*answer\.service|dist\/(store|decisions)\//],
  ['log', /dist\/logs\/|delivery-log\.js|nestjs-pino|node_modules\/pino/],
  ['metrics', /delivery-metrics\.js|count-answers\.js|dist\/metrics\/|prom-client/],
  ['enrichment and answer, the rest', /dist\/(enrichment|webhook)\//],
  ['Nest', /@nestjs\//],
  ['Fastify', /node_modules\/(fastify|@fastify|secure-json-parse|find-my-way|light-my-request|avvio|fast-)/],
];
const OTHERWISE = 'Node: HTTP, sockets, ticks';
const COLLECTOR = 'garbage collector';

/**
 * What each step of a delivery cost the main thread, by the samples of a CPU profile.
 *
 * @param from nanoseconds of `process.hrtime`; samples before it, and after `to`, do not count
 */
export async function readStepCosts(file: string, from: bigint, to: bigint): Promise<StepCost[]> {
  const { startTime, nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as Profile;
  const steps = stepsOf(nodes);
  const costs = new Map([...STEPS.map(([step]) => step), OTHERWISE, COLLECTOR].map((step) => [step, 0]));
  let at = startTime;
  samples.forEach((node, index) => {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    const step = steps.get(node);
    if (step !== undefined && at >= Number(from / 1000n) && at <= Number(to / 1000n))
      costs.set(step, (costs.get(step) ?? 0) + delta);
  });
  return [...costs].map(([step, microseconds]) => ({ step, microseconds }));
}

/** The step of each node; none for idleness. */
function stepsOf(nodes: readonly ProfileNode[]): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const steps = new Map<number, string>();
  const visit = ({ id, callFrame: { functionName, url }, children = [] }: ProfileNode, inherited: string) => {
    if (functionName === '(idle)') return;
    const frame = `${functionName} ${url}`;
    const own =
      functionName === '(garbage collector)' ? COLLECTOR : STEPS.find(([, frames]) => frames.test(frame))?.[0];
    const step = own ?? inherited;
    steps.set(id, step);
    for (const child of children) {
      const node = byId.get(child);
      if (node !== undefined) visit(node, step);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, OTHERWISE);
  return steps;
}
