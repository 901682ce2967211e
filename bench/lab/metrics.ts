/** A process's figures in the Prometheus text format, asked by name. */

export class Metrics {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  /** @returns the sum over all series of that name with that label; 0 when there is none */
  sum(name: string, label = ''): number {
    return this.#lines
      .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  get cpuSeconds(): number {
    return this.sum('process_cpu_seconds_total');
  }

  get residentMib(): number {
    return this.sum('process_resident_memory_bytes') / 1_048_576;
  }
}
