// The longer proofs: npm run test:slow.
export default {
  files: ['test/slow/**/*.test.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--conditions=glmmc-source', '--import=tsx', '--import=./test/typescript-threads.js'],
  workerThreads: false,
  timeout: '14m',
};
