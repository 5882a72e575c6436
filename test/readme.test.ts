// The TypeScript of the README runs as it stands; that of docs/ in slow/docs.test.ts.
import { runPages } from './page-examples.js';

runPages({ 'README.md': [/agrees/, /rhat/] });
