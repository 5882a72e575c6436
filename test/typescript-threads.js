// Lets worker threads run the sources: tsx by itself serves the main thread alone.
import { isMainThread } from 'node:worker_threads';

if (!isMainThread) {
  const { register } = await import('tsx/esm/api');
  register();
}
