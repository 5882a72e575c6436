// npm run playground: builds the page and serves it on this machine, at PORT or 8377.
import { buildPlayground } from './build.js';
import { serveFolder } from './server.js';

const { url } = await serveFolder(await buildPlayground(), Number(process.env.PORT ?? 8377));
console.log(`The playground is at ${url} (Ctrl-C ends it)`);
