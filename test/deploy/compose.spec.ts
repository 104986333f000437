import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readYaml } from './read-yaml.js';

interface Service {
  readonly profiles?: readonly string[];
  readonly image: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly healthcheck?: object;
  readonly command?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

const [{ services, volumes, networks }] = readYaml('docker-compose.yml') as [Compose];
const caddyfile = readFileSync(new URL('../../deploy/caddy/Caddyfile', import.meta.url), 'utf8');
const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const REPLICAS = ['enricher-1', 'enricher-2', 'enricher-3'];
const ONCE = new Set(['first-secret', 'cluster-secrets']);
const inProfile = (profile: string) =>
  Object.entries(services).flatMap(([name, { profiles = [] }]) => (profiles.includes(profile) ? [name] : []));

test('without a profile it is one container, and the one that makes its secret', () => {
  const plain = Object.entries(services).filter(([, { profiles }]) => profiles === undefined);
  expect(plain.map(([name]) => name)).toEqual(['enricher', 'first-secret']);
});

test('the cluster is PostgreSQL, three replicas and a proxy; https is a proxy', () => {
  expect(inProfile('cluster')).toEqual([...REPLICAS, 'postgres', 'cluster-secrets', 'proxy']);
  expect(inProfile('https')).toEqual(['https']);
});

describe.each(Object.entries(services))('%s', (name, service) => {
  test('has a read-only root and no rights that it does not need', () => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
  });

  test('depends on what starts with it, and keeps data in volumes that there are', () => {
    for (const other of Object.keys(service.depends_on ?? {})) {
      const { profiles = [] } = services[other]!;
      expect(profiles.filter((profile) => !service.profiles?.includes(profile))).toEqual([]);
    }
    const used = service.volumes.map((volume) => volume.split(':')[0]!).filter((source) => !source.startsWith('.'));
    expect(used.filter((source) => !(source in volumes))).toEqual([]);
  });

  if (!ONCE.has(name))
    test('comes up again, and gets time to stop', () => {
      expect(service.restart).toBe('unless-stopped');
      expect(Number(service.stop_grace_period?.replace('s', ''))).toBeGreaterThanOrEqual(30);
    });
});

test.each(REPLICAS)(
  '%s waits for the database, and has its secrets from files and a data folder of its own',
  (name) => {
    const { depends_on, environment, volumes: mounted, networks: joined } = services[name]!;
    expect(depends_on?.['postgres']).toEqual({ condition: 'service_healthy' });
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(['WEBHOOK_SECRET_FILE', 'DATABASE_URL_FILE']));
    expect(environment).not.toHaveProperty('DATABASE_URL');
    expect(mounted).toContain(`${name.replace('enricher', 'data')}:/app/data`);
    expect(joined).toEqual(['default', 'store']);
  },
);

test('PostgreSQL is published nowhere and reaches nothing', () => {
  const { ports, networks: joined } = services['postgres']!;
  expect([ports, joined, networks['store']?.internal]).toEqual([undefined, ['store'], true]);
});

test('what runs in the cluster is limited in memory and watched', () => {
  for (const name of ['postgres', 'proxy', 'https']) expect(services[name]!.healthcheck).toBeDefined();
  for (const name of [...REPLICAS, 'postgres', 'proxy', 'https']) expect(services[name]!.mem_limit).toBeDefined();
});

test('the proxy knows every replica, and waits for them', () => {
  const { depends_on, environment } = services['proxy']!;
  expect(environment['UPSTREAMS']).toBe(REPLICAS.map((name) => `${name}:3000`).join(' '));
  expect(depends_on).toEqual(Object.fromEntries(REPLICAS.map((name) => [name, { condition: 'service_healthy' }])));
});

test('no two that can run beside each other are published at the same place', () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(new Set(published).size).toBe(published.length);
  expect(published).toEqual(expect.arrayContaining(['80:80', '443:443']));
});

test('the Caddyfile has only variables that both proxies are given, and lets deliveries through alone', () => {
  const asked = new Set([...caddyfile.matchAll(/\{\$(\w+)/g)].map(([, name]) => name!));
  for (const name of ['proxy', 'https']) expect(new Set(Object.keys(services[name]!.environment))).toEqual(asked);
  expect(caddyfile).toContain('@public path /webhooks/emailgistics /emailgistics-webhook /hooks/crm/*\n');
  expect(caddyfile).toContain('health_uri /health/ready');
});

test('the operations page starts every profile, with services that there are', () => {
  const commands = [...page.matchAll(/docker compose (?:--profile \w+ )+(?:up|build)([^\n#;]*)/g)];
  const profiles = commands.flatMap(([command]) => [...command.matchAll(/--profile (\w+)/g)].map(([, name]) => name));
  expect(new Set(profiles)).toEqual(new Set(['cluster', 'https']));
  const started = commands.flatMap(([, rest = '']) => rest.trim().split(/ +/)).filter((word) => /^[a-z]/.test(word));
  expect(started.filter((name) => !(name.replace('$n', '1') in services))).toEqual([]);
});
