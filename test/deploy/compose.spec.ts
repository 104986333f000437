import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readServiceConfig } from '../../src/config/service-config.js';
import { readYaml } from './read-yaml.js';
import { serviceVariables } from './service-variables.js';

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
/** What .env has no say in. Null: it is not passed at all, since the image, a mount or the file beside it decides. */
const FIXED: Readonly<Record<string, string | null>> = {
  HOST: null,
  PORT: null,
  NODE_ENV: null,
  DATA_DIR: null,
  WEBHOOK_SECRET: null,
  WEBHOOK_SECRET_FILE: '/run/secrets/webhook_secret',
};
const FIXED_IN_CLUSTER = {
  ...FIXED,
  DATABASE_URL: null,
  DATABASE_URL_FILE: '/run/secrets/database_url',
  ADDRESS_HASH_KEY: null,
  ADDRESS_HASH_KEY_FILE: '/run/secrets/address_hash_key',
};
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

test.each(REPLICAS)('%s waits for the database, and has a data folder of its own', (name) => {
  const { depends_on, volumes: mounted, networks: joined } = services[name]!;
  expect(depends_on?.['postgres']).toEqual({ condition: 'service_healthy' });
  expect(mounted).toContain(`${name.replace('enricher', 'data')}:/app/data`);
  expect(joined).toEqual(['default', 'store']);
});

test.each([['enricher', FIXED] as const, ...REPLICAS.map((name) => [name, FIXED_IN_CLUSTER] as const)])(
  '%s is given every variable of the service that is not fixed, and no other',
  (name, fixed: typeof FIXED) => {
    const wanted = serviceVariables().map((variable) => [variable, fixed[variable] ?? `\${${variable}:-}`] as const);
    expect(Object.keys(fixed).filter((variable) => !serviceVariables().includes(variable))).toEqual([]);
    expect(services[name]!.environment).toEqual(
      Object.fromEntries(wanted.filter(([variable]) => fixed[variable] !== null)),
    );
  },
);

test('what is not passed is decided by the image and the mounts', () => {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  expect(dockerfile).toMatch(/^ENV NODE_ENV=production HOST=0\.0\.0\.0$/m);
  expect(services['enricher']!.ports).toEqual([expect.stringMatching(`:${readServiceConfig({}).port}$`)]);
  for (const name of ['enricher', ...REPLICAS])
    expect(services[name]!.volumes).toEqual([
      './rules:/app/rules:ro',
      './config:/app/config:ro',
      './secrets:/run/secrets:ro',
      expect.stringMatching(/^data(-\d)?:\/app\/data$/),
    ]);
});

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
