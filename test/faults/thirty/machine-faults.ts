/** Faults of variables and of the database: only the doctor is run, with another environment. */
import { pooler } from '../../support/pooler.ts';
import type { MachineFault } from './fault.ts';
import { PASSWORD_ROLE } from './stack.ts';

const NEW_KEY = Buffer.alloc(32, 3).toString('base64');

export const machineFaults: readonly MachineFault[] = [
  {
    name: 'a variable is missing',
    environment: async ({ env }) => ({ ...env, JWT_SECRET: '' }),
    expects: { cause: 'variable_missing', action: 'set_variable', who: 'operator' },
    exitCodes: [1],
  },
  {
    name: 'the password of the database is wrong',
    async environment({ env }) {
      const url = new URL(env.DATABASE_URL ?? '');
      url.username = PASSWORD_ROLE;
      url.password = 'wrong';
      return { ...env, DATABASE_URL: url.href };
    },
    expects: { cause: 'database_password_refused', action: 'set_variable', who: 'operator' },
    exitCodes: [2],
  },
  {
    name: 'the database was not migrated',
    environment: async ({ env, emptyDatabaseUrl }) => ({ ...env, DATABASE_URL: emptyDatabaseUrl }),
    expects: { cause: 'schema_missing', action: 'run_migrations', who: 'operator' },
    exitCodes: [2],
  },
  {
    name: 'a pooler in transaction mode stands before the database',
    environment: async ({ env }) => ({
      ...env,
      DATABASE_URL: (await pooler(env.DATABASE_URL ?? '', 'transaction')).url,
    }),
    expects: { cause: 'transaction_pooler', action: 'set_variable', who: 'operator' },
    // Whether its statements get through such a pooler is chance.
    exitCodes: [1, 2],
  },
  {
    name: 'the webhook address is wrong',
    environment: async ({ env }) => ({ ...env, KICK_WEBHOOK_CALLBACK_URL: 'https://bots.memalerts.example/kick' }),
    expects: { cause: 'webhook_address_wrong', action: 'fix_webhook_address', who: 'operator' },
    exitCodes: [1],
  },
];

/** Nobody has the old one any more: whatever ran with it was stopped. */
export const lostKey: MachineFault = {
  name: 'the encryption key is lost',
  async environment({ env, stopAll }) {
    await stopAll();
    return { ...env, CREDENTIALS_ENCRYPTION_KEY: NEW_KEY };
  },
  expects: { cause: 'encryption_key_missing', action: 'set_variable', who: 'operator' },
  exitCodes: [1],
};
