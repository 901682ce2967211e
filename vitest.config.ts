import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'simulators/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
    // Tests of the fixture run where the fixture is applied.
    exclude: ['node_modules/**', 'test/sixth-platform/tree/**'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/patience.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Starting a process takes a second, and ten on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // As long as test/support/patience.ts waits.
    expect: { poll: { timeout: 10_000 } },
  },
});
