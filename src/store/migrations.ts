import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Tables } from './tables.js';

/** One step each, in the order of their names; what was released is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('decisions')
        .addColumn('mailbox', 'text', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('message_id', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('body_hash', 'text', (column) => column.notNull())
        .addColumn('owner', 'text')
        .addColumn('lease_until', 'bigint')
        .addColumn('decided_at', 'bigint', (column) => column.notNull())
        .addColumn('status', 'integer')
        .addColumn('answer', 'text')
        .addColumn('revision', 'text', (column) => column.notNull())
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('sender_hash', 'text')
        .addColumn('lookup_state', 'text')
        .addColumn('rules', 'text', (column) => column.notNull())
        .addColumn('record', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('decisions_key', ['mailbox', 'event', 'message_id'])
        .execute();
      await db.schema.createIndex('decisions_by_id').on('decisions').column('id').unique().execute();
      await db.schema.createIndex('decisions_by_age').on('decisions').column('decided_at').execute();
      await db.schema.createIndex('decisions_by_sender').on('decisions').columns(['sender_hash', 'id']).execute();
      await db.schema
        .createTable('customers')
        .addColumn('provider', 'text', (column) => column.notNull())
        .addColumn('mapping', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('record', 'text', (column) => column.notNull())
        .addColumn('seen_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('customers_key', ['provider', 'id'])
        .execute();
      await db.schema.createIndex('customers_by_age').on('customers').column('seen_at').execute();
      await db.schema
        .createTable('prefetches')
        .addColumn('provider', 'text', (column) => column.primaryKey())
        .addColumn('mapping', 'text', (column) => column.notNull())
        .addColumn('complete_until', 'bigint')
        .addColumn('started_at', 'bigint')
        .addColumn('next', 'text')
        .addColumn('customers', 'integer')
        .execute();
      await db.schema
        .createTable('rule_sets')
        .addColumn('revision', 'text', (column) => column.primaryKey())
        .addColumn('files', 'text', (column) => column.notNull())
        .addColumn('accepted_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('leases')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('sends')
        .addColumn('scope', 'text', (column) => column.primaryKey())
        .addColumn('taken_by', 'text', (column) => column.notNull())
        .addColumn('sent_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('sends_by_age').on('sends').column('sent_at').execute();
    },
  },
};

/**
 * Brings the database to the newest form; several replicas may start at once, the migrator holds a lock.
 *
 * @throws what the database throws, and when it is of a later version than this one
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error(String(error));
}
