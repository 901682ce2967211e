import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'simulators/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
    // Tests of the fixture run where the fixture is applied.
    exclude: ['node_modules/**', 'test/sixth-platform/tree/**'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    // On a shared machine a pause of seconds can hit any test: there it may try once more, and the report says that it did.
    // Here a test that fails once is a defect.
    retry: process.env.CI ? 1 : 0,
    hookTimeout: 60_000,
    // What a test waits for comes at once on an idle machine; on a busy one it may take its time.
    expect: { poll: { timeout: 10_000 } },
  },
});
