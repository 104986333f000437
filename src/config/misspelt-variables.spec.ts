import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { misspeltVariables } from './misspelt-variables.js';

const warned = (...names: readonly string[]) =>
  misspeltVariables(Object.fromEntries(names.map((name) => [name, 'a-secret-value'])));

test.each([
  ['WEBHOOK_SECERT', 'WEBHOOK_SECRET'],
  ['WEBHOOK_SECRETS', 'WEBHOOK_SECRET'],
  ['WEBHOOK_SECRET_FIEL', 'WEBHOOK_SECRET_FILE'],
  ['WEBHOOKSECRET', 'WEBHOOK_SECRET'],
  ['webhook_secret', 'WEBHOOK_SECRET'],
  ['SECRET_WEBHOOK', 'WEBHOOK_SECRET'],
  ['ADMIN_TOKENS', 'ADMIN_TOKEN'],
  ['RULE_DIR', 'RULES_DIR'],
  ['RULES_ONERROR', 'RULES_ON_ERROR'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['DECISIONS_DAYS', 'DECISION_DAYS'],
  ['DECISION_MASK', 'DECISION_MASKS'],
  ['ANSWER_DEADLINE_S', 'ANSWER_DEADLINE_MS'],
  ['ADRESS_HASH_KEY', 'ADDRESS_HASH_KEY'],
  ['MAILBOX_CONFIG', 'MAILBOXES_CONFIG'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['PROT', 'PORT'],
  ['EMAILGISTIC_API_KEY', 'EMAILGISTICS_API_KEY'],
])('%s: is %s meant?', (name, meant) => {
  expect(warned(name)).toEqual([`${name} is no variable of the service, did you mean "${meant}"?`]);
});

const serviceLinks = (service: string, port: number): string[] => [
  `${service}_SERVICE_HOST`,
  `${service}_SERVICE_PORT`,
  `${service}_SERVICE_PORT_HTTP`,
  `${service}_PORT`,
  ...['', '_PROTO', '_PORT', '_ADDR'].map((end) => `${service}_PORT_${port}_TCP${end}`),
];

test.each<[where: string, names: readonly string[]]>([
  [
    'a Linux shell',
    `_ BASH_VERSION COLORTERM COLUMNS DBUS_SESSION_BUS_ADDRESS DISPLAY EDITOR HISTFILE HISTSIZE HOME HOSTNAME HOSTTYPE HOSTS
     INVOCATION_ID JOURNAL_STREAM LANG LANGUAGE LC_ALL LESSOPEN LINES LOGNAME LS_COLORS MACHTYPE MAIL MAILCHECK MANPATH OLDPWD
     OSTYPE PAGER PATH PORTS POSIX PS1 PWD SHELL SHLVL SSH_AUTH_SOCK SSH_CONNECTION SSH_TTY SUDO_USER TERM TMPDIR TZ USER VISUAL
     XDG_CONFIG_DIRS XDG_DATA_DIRS XDG_RUNTIME_DIR`.split(/\s+/),
  ],
  [
    'Node and npm',
    `NODE NODE_ENVIRONMENT NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_PATH NODE_VERSION YARN_VERSION npm_command npm_config_cache
     npm_config_prefix npm_execpath npm_lifecycle_event npm_node_execpath npm_package_json npm_package_name INIT_CWD`.split(
      /\s+/,
    ),
  ],
  [
    'Docker, and what stands beside us in a Compose file',
    `COMPOSE_FILE COMPOSE_PROJECT_NAME DOCKER_HOST HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy no_proxy PGHOST PGPORT PGUSER
     PGPASSWORD PGDATABASE PGDATA POSTGRES_DB POSTGRES_PASSWORD POSTGRES_USER DATABASE_HOST DATABASE_NAME DATABASE_PASSWORD
     DATABASE_USER HUBSPOT_TOKEN CRM_TOKEN CRM_SECRET CRM_URL ADMIN_EMAIL ADMIN_PASSWORD SECRET_KEY LOG_FORMAT LOG_FILE`.split(
      /\s+/,
    ),
  ],
  [
    'Kubernetes',
    ['KUBERNETES', 'ENRICHER', 'POSTGRES', 'ADMIN', 'DATA', 'LOG', 'RULES', 'CRM', 'DATABASE']
      .flatMap((service) => serviceLinks(service, 3000))
      .concat('POD_NAME', 'POD_IP', 'NODE_NAME', 'NODE_IP'),
  ],
])('nothing is said of variables of %s', (_where, names) => {
  expect(warned(...names)).toEqual([]);
});

test('nothing is said of any variable of ours', () => {
  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const names = [...example.matchAll(/\b[A-Z]+(?:_[A-Z]+)*\b(?==| \()/g)].map(([name]) => name);
  expect(names).toEqual(expect.arrayContaining(['WEBHOOK_SECRET', 'PUBLISH', 'EMAILGISTICS_API_KEY']));
  expect(warned(...names)).toEqual([]);
});
