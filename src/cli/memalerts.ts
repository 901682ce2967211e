/** The operator's command: `pnpm memalerts <command>`. */
import { readDotEnv } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createHttpClient } from '../lib/http.ts';
import { explain, runCommand } from './commands.ts';
import { runDoctor } from './doctor.ts';
import { runSetup } from './setup.ts';

/** Whoever looks does not wait longer for one answer. */
const LOOK_TIMEOUT_MS = 5000;

const [command, ...rest] = process.argv.slice(2);
try {
  if (command === 'setup') console.log(await runSetup(rest, process.env));
  else if (command === 'doctor') {
    const http = createHttpClient(LOOK_TIMEOUT_MS);
    const { output, exitCode } = await runDoctor(rest, { env: process.env, clock: systemClock, http });
    console.log(output);
    process.exitCode = exitCode;
  } else {
    readDotEnv();
    console.log(await runCommand(process.argv.slice(2), process.env, console.error));
  }
} catch (error) {
  console.error(explain(error));
  // 1 of the doctor means that something is broken.
  process.exitCode = command === 'doctor' ? 2 : 1;
}
