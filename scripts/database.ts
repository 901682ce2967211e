/** `pnpm database`: a PostgreSQL for a trial on this machine. Its data stays in `.data/postgres`; Ctrl-C ends it. */
import path from 'node:path';
import { watchLaunchers } from '../src/cli/launchers.ts';
import { TRIAL_DATABASE } from '../src/cli/setup.ts';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { systemClock } from '../src/lib/clock.ts';
import { onStopSignal } from '../src/lib/stop-signals.ts';

const dataDir = path.join(import.meta.dirname, '../.data/postgres');
const server = await startEmbeddedPostgres({ dataDir, durable: true, port: TRIAL_DATABASE.port });
console.log(`PostgreSQL answers at ${TRIAL_DATABASE.url} and keeps its data in .data/postgres. Ctrl-C ends it.`);
const stop = () => void server.stop().then(() => process.exit(0));
onStopSignal(systemClock, ['SIGINT', 'SIGTERM', 'SIGHUP'], stop);
watchLaunchers(systemClock, stop);
// The server lets this process end; this one is only here for it.
setInterval(() => {}, 2 ** 30);
