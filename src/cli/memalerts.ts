/** The operator's command: `pnpm memalerts <command>`. */
import { readDotEnv } from '../config.ts';
import { explain, runCommand } from './commands.ts';
import { runSetup } from './setup.ts';

try {
  const [command, ...rest] = process.argv.slice(2);
  if (command === 'setup') console.log(await runSetup(rest, process.env));
  else {
    readDotEnv();
    console.log(await runCommand(process.argv.slice(2), process.env));
  }
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
