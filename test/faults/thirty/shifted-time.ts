/** Loaded into a process before its own code (`--import`): the clock of its machine is ahead, and time passes when it is told to. */

/** By how much the time of day is off. */
let wallMs = Number(process.env.SHIFTED_WALL_MS ?? 0);
let monotonicMs = 0;
/** A little more than any watch of the product waits for. */
const PASSES_MS = 61_000;

const machineNow = performance.now.bind(performance);
performance.now = () => machineNow() + monotonicMs;

const MachineDate = Date;

class ShiftedDate extends MachineDate {
  // biome-ignore lint/suspicious/noExplicitAny: as many kinds of arguments as a date takes
  constructor(...given: any[]) {
    if (given.length === 0) super(MachineDate.now() + wallMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return MachineDate.now() + wallMs;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;

/** As after a sleep of the machine: timers are not moved. */
process.on('SIGUSR2', () => {
  wallMs += PASSES_MS;
  monotonicMs += PASSES_MS;
});
