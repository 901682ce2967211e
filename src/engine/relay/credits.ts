export interface Credits {
  credit(message: unknown, slug: string): void;
  drain(ms: number): Promise<void>;
  stats(): Record<string, number>;
}
export function createCredits(_deps: unknown): Credits {
  return { credit() {}, drain: async () => {}, stats: () => ({}) };
}
