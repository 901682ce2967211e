/** The operator's command: `pnpm memalerts <command>`. */
import { readDotEnv } from '../config.ts';
import { explain, runCommand } from './commands.ts';

try {
  readDotEnv();
  console.log(await runCommand(process.argv.slice(2), process.env));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
