import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { splitSecrets } from '../../src/config/read-secrets.js';
import { formatFault } from '../../src/files/fault.js';
import { loadTestedRules } from '../../src/rule-tests/load-tested-rules.js';
import { tempFolder } from '../support/temp-folder.js';
import { KUBERNETES_SCHEMAS } from './kubernetes-schemas.js';
import { readYaml } from './read-yaml.js';
import { serviceVariables } from './service-variables.js';

// Trees out of files: what they look like is what the schemas say.
// oxlint-disable-next-line typescript/no-explicit-any
type Tree = any;

const FOLDER = 'deploy/kubernetes';
const FILES = readdirSync(new URL(`../../${FOLDER}`, import.meta.url)).filter((name) => name.endsWith('.yaml'));
const MANIFESTS: readonly [file: string, manifest: Tree][] = FILES.flatMap((file) =>
  readYaml(`${FOLDER}/${file}`).map((manifest): [string, Tree] => [file, manifest]),
);
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false });

function faultsOf(manifest: Tree): string[] {
  const schema = KUBERNETES_SCHEMAS[String(manifest?.kind)];
  if (schema === undefined) return [`unknown kind ${String(manifest?.kind)}`];
  const validate = ajv.compile(schema);
  validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}

const named = (kind: string, name = 'enricher'): Tree =>
  MANIFESTS.find(([, manifest]) => manifest.kind === kind && manifest.metadata?.name === name)?.[1];
const deployment = named('Deployment');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

test.each(MANIFESTS.map(([file, manifest]) => [`${manifest.kind} of ${file}`, manifest] as const))(
  '%s has fields that there are, of the right type, and none is missing',
  (_, manifest) => {
    expect(faultsOf(manifest)).toEqual([]);
  },
);

describe('the check finds', () => {
  test.each<[what: string, kind: string, spoil: (manifest: Tree) => void]>([
    ['an unknown kind', 'Service', (one) => (one.kind = 'Servce')],
    ['an old version', 'HorizontalPodAutoscaler', (one) => (one.apiVersion = 'autoscaling/v1beta1')],
    ['a name that is none', 'Deployment', (one) => (one.metadata.name = 'The Enricher')],
    ['a missing selector', 'Deployment', (one) => delete one.spec.selector],
    ['a missing template', 'Deployment', (one) => delete one.spec.template],
    ['a text for a number', 'Deployment', (one) => (one.spec.replicas = '3')],
    ['a misspelt probe', 'Deployment', (one) => (one.spec.template.spec.containers[0].readynessProbe = {})],
    [
      'a probe without a port',
      'Deployment',
      (one) => delete one.spec.template.spec.containers[0].livenessProbe.httpGet.port,
    ],
    ['a field in the wrong place', 'Deployment', (one) => (one.spec.terminationGracePeriodSeconds = 40)],
    [
      'memory that is no quantity',
      'Deployment',
      (one) => (one.spec.template.spec.containers[0].resources.limits.memory = '1 GB'),
    ],
    ['a volume without a source', 'Deployment', (one) => (one.spec.template.spec.volumes[0] = { name: 'rules' })],
    [
      'a way out of a volume',
      'Deployment',
      (one) => (one.spec.template.spec.volumes[0].projected.sources[1].configMap.items[0].path = '../lists'),
    ],
    ['a port beyond the last', 'Service', (one) => (one.spec.ports[0].port = 70_000)],
    ['a budget without a selector', 'PodDisruptionBudget', (one) => delete one.spec.selector],
    ['an autoscaler without an upper end', 'HorizontalPodAutoscaler', (one) => delete one.spec.maxReplicas],
    ['data that is no text', 'ConfigMap', (one) => (one.data = { 'crm.json': { providers: [] } })],
  ])('%s', (_, kind, spoil) => {
    const manifest = structuredClone(MANIFESTS.find(([, one]) => one.kind === kind)![1]);
    expect(faultsOf(manifest)).toEqual([]);
    spoil(manifest);
    expect(faultsOf(manifest)).not.toEqual([]);
  });
});

describe('what belongs together fits', () => {
  test('the kustomization names every file but the example and the one that is in its comment', () => {
    const [, { resources, images }] = MANIFESTS.find(([file]) => file === 'kustomization.yaml')!;
    const others = ['kustomization.yaml', 'secret.example.yaml', 'service-monitor.yaml'];
    expect(new Set(resources)).toEqual(new Set(FILES.filter((file) => !others.includes(file))));
    expect(images[0].name).toBe(container.image);
  });

  test('everything that selects pods selects these', () => {
    const { labels } = deployment.spec.template.metadata;
    const selectors = [
      deployment.spec.selector.matchLabels,
      named('Service').spec.selector,
      named('PodDisruptionBudget').spec.selector.matchLabels,
      ...pod.topologySpreadConstraints.map(({ labelSelector }: Tree) => labelSelector.matchLabels),
    ];
    for (const selector of selectors) expect(labels).toMatchObject(selector);
    expect(named('Service').metadata.labels).toMatchObject(named('ServiceMonitor').spec.selector.matchLabels);
    expect(named('HorizontalPodAutoscaler').spec.scaleTargetRef).toMatchObject({
      kind: 'Deployment',
      name: 'enricher',
    });
  });

  test('named ports are those of the container, which listens where the image does', () => {
    const ports = container.ports.map(({ name }: Tree) => name);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe].httpGet);
    expect(new Set([...probes.map(({ port }) => port), named('Service').spec.ports[0].targetPort])).toEqual(
      new Set(ports),
    );
    expect(container.ports[0].containerPort).toBe(3000);
    expect(probes.map(({ path }) => path)).toEqual(['/health/startup', '/health/live', '/health/ready']);
  });

  test('each volume is mounted, each mount has its volume, and what they name is there', () => {
    const names = (list: Tree[]) => new Set(list.map(({ name }): string => name));
    expect(names(container.volumeMounts)).toEqual(names(pod.volumes));
    const maps = pod.volumes.flatMap(({ configMap, projected }: Tree) =>
      configMap ? [configMap] : (projected?.sources.map((source: Tree) => source.configMap) ?? []),
    );
    for (const { name, items = [] } of maps) {
      const { data } = named('ConfigMap', name);
      for (const { key } of items) expect(Object.keys(data)).toContain(key);
    }
    const { secretName } = pod.volumes.find(({ name }: Tree) => name === 'secrets').secret;
    expect(named('Secret', secretName)).toBeDefined();
  });

  test('the service reads every variable that it is given', () => {
    const names = container.env.map(({ name }: Tree): string => name);
    expect(names.filter((name: string) => !serviceVariables().includes(name))).toEqual([]);
  });

  test('every file that a variable names is a key of the secret, which holds no value', () => {
    const { stringData } = named('Secret', 'enricher-secrets');
    const keys = container.env.map(({ value }: Tree) => value.replace('/run/secrets/enricher/', ''));
    expect(Object.keys(stringData)).toEqual(keys);
    expect(Object.values<string>(stringData).flatMap(splitSecrets)).toEqual([]);
  });

  test('the autoscaler starts where the deployment does, and the budget leaves replicas', () => {
    const { minReplicas, maxReplicas } = named('HorizontalPodAutoscaler').spec;
    expect(minReplicas).toBe(deployment.spec.replicas);
    expect(maxReplicas).toBeGreaterThan(minReplicas);
    expect(named('PodDisruptionBudget').spec.maxUnavailable).toBeLessThan(minReplicas);
  });
});

test('runs as the user of the image, on a read-only root, without rights', () => {
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('what stops gets the time that it takes', () => {
  const [, seconds] = container.lifecycle.preStop.exec.command;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(seconds) + 30);
});

test('the example rules load with their list, and their tests pass', async () => {
  const { items } = pod.volumes[0].projected.sources[1].configMap;
  const lists = named('ConfigMap', 'enricher-lists').data;
  const files = { ...named('ConfigMap', 'enricher-rules').data };
  for (const { key, path } of items) files[path] = lists[key];
  const load = await loadTestedRules(tempFolder(files), { customerFields: ['email', 'tier', 'claimNumber'] });
  expect(load.ok ? load.warnings : load.faults.map(formatFault)).toEqual([]);
});
