import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { answer, type ScriptedServer, type Step } from './scripted-server.js';

/** A SQLite file with so many customers, `p0@people.example` and so on, of a `tier` that is their number. */
export function customersDatabase(folder: string, count: number): string {
  const path = join(folder, 'customers.db');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, tier TEXT, changed_at TEXT)');
  const insert = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?)');
  database.exec('BEGIN');
  for (let index = 0; index < count; index++)
    insert.run(index, `p${index}@people.example`, `t${index}`, '2026-01-01T00:00:00.000Z');
  database.exec('COMMIT');
  database.close();
  return path;
}

/** A `crm.json` with that file as its one provider, "crm". */
export function listingCrm(path: string, more: object = {}): object {
  return {
    providers: [
      {
        name: 'crm',
        type: 'sql',
        url: `file:${path}`,
        byEmail: 'SELECT tier FROM customers WHERE email = :email',
        changed: 'SELECT email, tier FROM customers WHERE changed_at >= :since ORDER BY id LIMIT :limit OFFSET :offset',
        fields: { tier: 'tier' },
        ...more,
      },
    ],
  };
}

/** A page of a REST CRM. */
export function page(people: readonly object[], next: string | null): Step {
  return answer(200, { people, next });
}

/** Does one step after the other when it is asked to list, the last again and again; knows nobody otherwise. */
export function changes(...steps: readonly Step[]): Step {
  let count = 0;
  return (response) => {
    const isListed = response.req.url?.startsWith('/changes') === true;
    (isListed ? steps[Math.min(count++, steps.length - 1)] : page([], null))?.(response);
  };
}

/** A `crm.json` with a REST CRM that only lists, as its one provider, "rest". */
export function listingRestCrm({ url }: ScriptedServer, more: object = {}): object {
  return {
    providers: [
      {
        name: 'rest',
        type: 'http',
        baseUrl: url,
        allowHttp: true,
        auth: { type: 'none' },
        byEmail: { path: '/people', query: { email: '{{email}}' }, items: 'people' },
        check: { path: '/me' },
        changedSince: [
          {
            path: '/changes',
            query: { since: '{{since}}', after: '{{cursor}}' },
            items: 'people',
            emails: ['email'],
            next: { cursor: 'next' },
          },
        ],
        fields: { tier: 'tier' },
        ...more,
      },
    ],
  };
}
