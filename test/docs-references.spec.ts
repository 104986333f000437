import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { Metrics } from '../src/metrics/metrics.js';

const repository = new URL('../', import.meta.url);

const page = (name: string) => readFileSync(new URL(name, repository), 'utf8');
const inDocs = readdirSync(new URL('docs', repository)).filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...inDocs.map((name) => `docs/${name}`)];

test.each(PAGES)('%s names source files that there are', (name) => {
  const files = [...page(name).matchAll(/`([\w-]+\/[\w/.-]+\.ts)`/g)].map(([, file]) => file!);
  const isThere = (file: string) => ['', 'src/'].some((at) => existsSync(new URL(at + file, repository)));
  expect(files.filter((file) => !isThere(file))).toEqual([]);
});

/** As code hosts make the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');

test.each(PAGES)('%s refers to pages and headings that there are', (name) => {
  const links = [...page(name).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path = '', anchor]) => {
    const file =
      path === '' ? name : new URL(path, new URL(name, repository)).pathname.slice(repository.pathname.length);
    return { file, anchor };
  });
  const isThere = ({ file, anchor }: { file: string; anchor: string | undefined }) =>
    existsSync(new URL(file, repository)) &&
    (anchor === undefined ||
      [...page(file).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor));
  expect(links.filter((link) => !isThere(link))).toEqual([]);
});

test.each(PAGES)('%s has commands and options that there are', (name) => {
  const cli = page('src/cli.ts');
  const lines = [...page(name).matchAll(/(?:npx|exec enricher|\$) enricher ([^\n`|&;#>]*)/g)].map(
    ([, words]) => words!,
  );
  const options = lines.flatMap((line) => line.match(/--[a-z-]+/g) ?? []);
  const commands = lines.map((line) => line.split(' ')[0]!);
  expect(commands.filter((command) => !cli.includes(`.command('${command}')`))).toEqual([]);
  expect(options.filter((option) => !new RegExp(`'${option}[ ']`).test(cli))).toEqual([]);
});

describe('ARCHITECTURE.md', () => {
  const text = page('ARCHITECTURE.md');
  const folders = readdirSync(new URL('src', repository), { withFileTypes: true }).filter((one) => one.isDirectory());

  test.each(folders.map(({ name }) => name))('says what src/%s holds', (name) => {
    const [, table = ''] = text.split('| folder ');
    expect(table.split('\n\n')[0]).toContain(`\`${name}/\``);
  });

  test('has files on the way of a delivery that there are', () => {
    const files = [...text.matchAll(/^ +([\w-]+\/[\w-]+\.ts) /gm)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !existsSync(new URL(`src/${file}`, repository)))).toEqual([]);
  });

  test.each([...text.matchAll(/([\w-]+)\/([A-Z]\w+)/g)].map(([, folder, name]) => [name!, folder!] as const))(
    '%s is a class of src/%s',
    (name, folder) => {
      const url = new URL(`src/${folder}/`, repository);
      const files = readdirSync(url).filter((file) => file.endsWith('.ts'));
      expect(files.some((file) => readFileSync(new URL(file, url), 'utf8').includes(`class ${name} `))).toBe(true);
    },
  );
});

test('the alerts in docs/operations.md ask for metrics that there are', async () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page('docs/operations.md'))!;
  const { groups } = load(yaml!) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const known = new Set((await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name));
  const asked = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/enricher_\w+/g) ?? []));
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.filter((name) => !known.has(name.replace(/_bucket$/, '')))).toEqual([]);
});
