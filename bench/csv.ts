// Reading CSV of ten million rows, plain and gzipped: seconds, and the most memory the process ever had.
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { readData } from 'glmmc';

const ROWS = 10_000_000;
const MIB = 2 ** 20;

/** A number, a cluster, a text of few values and a response a row: 28 bytes a row. */
function* text(): Generator<string> {
  yield 'x,cluster,group,y\n';
  for (let i = 0; i < ROWS; ) {
    let block = '';
    for (const end = Math.min(ROWS, i + 10_000); i < end; i++) {
      block += `${((i * 7919) % 100_003) / 1000},${i % 100_000},group ${i % 13},${(i * 31) % 7 > 2 ? 1 : 0}\n`;
    }
    yield block;
  }
}

if (process.argv[2] !== undefined) {
  const start = performance.now();
  const table = await readData(process.argv[2]);
  const seconds = (performance.now() - start) / 1000;
  // maxRSS is in KiB.
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ rows: table.y!.length, seconds, peak }));
} else {
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-csv-'));
  try {
    const plain = join(folder, 'rows.csv');
    const zipped = join(folder, 'rows.csv.gz');
    await pipeline(text, createWriteStream(plain));
    await pipeline(text, createGzip({ level: 1 }), createWriteStream(zipped));
    for (const path of [plain, zipped]) {
      const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), path]);
      const { rows, seconds, peak } = JSON.parse(stdout);
      const size = (await stat(path)).size / MIB;
      console.log(
        `${path.endsWith('gz') ? 'gzipped' : 'plain'}: ${rows} rows, file ${size.toFixed(0)} MiB, ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MiB`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
