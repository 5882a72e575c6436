// The playground, built, served, and opened in Debian's Chromium.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildPlayground } from '../../examples/playground/build.js';
import { serveFolder } from '../../examples/playground/server.js';

/** Nothing of the browser's own goes over the network. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export interface Playground {
  readonly browser: Browser;
  readonly url: string;
  /** A new page of its own, at the given size and theme. */
  open(options?: { readonly width?: number; readonly dark?: boolean }): Promise<Page>;
  close(): Promise<void>;
}

/** @throws where there is no Chromium, with what to do */
export async function startPlayground(): Promise<Playground> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`no ${executablePath}: apt-get install chromium, or set CHROMIUM to where one is`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'glmmc-playground-'));
  const { url, server } = await serveFolder(await buildPlayground(folder), 0);
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  return {
    browser,
    url,
    async open({ width = 1200, dark = false } = {}) {
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: dark ? 'dark' : 'light',
      });
      await page.goto(url);
      await page.waitForSelector('html[data-ready] #columns:not(:empty)');
      return page;
    },
    async close() {
      await browser.close();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
