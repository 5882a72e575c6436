// The playground and a report in a real browser: npm run test:browser.
export default {
  files: ['test/browser/**/*.test.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--conditions=glmmc-source', '--import=tsx'],
  workerThreads: false,
  timeout: '5m',
};
