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
    // Until two runs in a row on a shared machine need none: there a test may try once more, and the report says that it did.
    // Here a test that fails once is a defect.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 60_000,
    // As long as test/support/patience.ts waits.
    expect: { poll: { timeout: 10_000 } },
  },
});
