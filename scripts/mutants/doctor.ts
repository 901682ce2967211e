/** Mutants of the doctor: what it may call well, what it may ask, and what it tells apart. */
import type { Mutant } from './mutant.ts';

const DOCTOR_TEST = 'src/cli/doctor.test.ts';
const MACHINE_TEST = 'src/cli/doctor-machine.test.ts';
const LIVE_TEST = 'src/cli/doctor-live.test.ts';
const LIVE_TITLE = 'is asked one harmless thing with the stored token, and what is otherwise than we rely on is told';

export const doctor: readonly Mutant[] = [
  {
    guarantee: 'The doctor could not look where the database could not be asked',
    file: 'src/cli/doctor/report.ts',
    find: "  if (at === null) return 'unknown';\n",
    replace: '',
    test: DOCTOR_TEST,
    title:
      'without a database the exit code is 2, its finding comes first, and what the machine sees is told all the same',
  },
  {
    guarantee: 'A process of ours is no reason to choose another port',
    file: 'src/cli/doctor/ports.ts',
    find: '      if (isOurs(answer.json())) return [];\n',
    replace: '',
    test: MACHINE_TEST,
    title: 'a port that another program holds is told, and one where our own process answers is not',
  },
  {
    guarantee: 'A key that one process has is not called lost',
    file: 'src/engine/diagnosis/diagnose.ts',
    find: "  if (differ) causes.push('encryption_keys_differ');\n",
    replace: '',
    test: MACHINE_TEST,
    title: 'a key that is lost is told apart from keys that differ between processes',
  },
  {
    guarantee: 'A wrong password is told apart from a database that is away',
    file: 'src/db/failures.ts',
    find: "stateOf(error).startsWith('28') ? 'database_password_refused'",
    replace: "stateOf(error).startsWith('xx') ? 'database_password_refused'",
    test: MACHINE_TEST,
    title: 'what keeps the database from being used is told apart: password, encryption, tables, a pooler, a standby',
  },
  {
    guarantee: 'No platform is asked for anything without --live',
    file: 'src/cli/doctor/look.ts',
    find: '  if (!deps.isLive) return { ...snapshot, own, sealedBy };\n',
    replace: '',
    test: LIVE_TEST,
    title: LIVE_TITLE,
  },
  {
    guarantee: 'A token that a live look finds refused is renewed before the account is called dead',
    file: 'src/cli/doctor/live.ts',
    find: 'return await ask(renewed);',
    replace: 'return refused(error.message);',
    test: LIVE_TEST,
    title: LIVE_TITLE,
  },
  {
    guarantee: 'The doctor judges the webhook address by the variables',
    file: 'src/cli/doctor/look.ts',
    find: 'if (address === null || address.isRight || isKnown) return [];',
    replace: 'if (address === null || isKnown || id !== cause) return [];',
    test: 'src/cli/doctor-machine.test.ts',
    title: 'an address that no delivery can reach is told by the variables, whatever the API was started with',
  },
];
