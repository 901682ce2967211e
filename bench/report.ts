/** The table on the terminal, written line by line as figures come in. */
import os from 'node:os';
import type { Figure } from './row.ts';

const WHAT_WIDTH = 68;
const MEASURED_WIDTH = 34;
const BUDGET_WIDTH = 24;

export function printHead(): void {
  const cpus = os.cpus();
  console.log(`${cpus.length} × ${cpus[0]?.model.trim()}, ${os.platform()}, Node ${process.version}`);
  console.log(`Simulated Twitch, PostgreSQL (fsync on), API and worker share this machine.\n`);
  line('what', 'measured', 'budget', 'met');
  console.log('-'.repeat(WHAT_WIDTH + MEASURED_WIDTH + BUDGET_WIDTH + 3));
}

export function printFigures(figures: readonly Figure[]): void {
  for (const { what, measured, budget, isMet, note } of figures) {
    line(what, measured, budget, isMet ? 'yes' : 'NO');
    if (note !== undefined) console.log(`    ${note}`);
  }
}

export function printSummary(figures: readonly Figure[], failures: readonly string[]): void {
  const met = figures.filter(({ isMet }) => isMet).length;
  console.log(`\nbench: ${met} of ${figures.length} figures within budget`);
  if (failures.length > 0) console.log(`not measured: ${failures.join(', ')}`);
}

function line(what: string, measured: string, budget: string, met: string): void {
  const cells = [what.padEnd(WHAT_WIDTH), measured.padEnd(MEASURED_WIDTH), budget.padEnd(BUDGET_WIDTH), met];
  console.log(cells.join(' '));
}
