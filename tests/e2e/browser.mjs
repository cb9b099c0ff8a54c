// Debian's Chromium for the end-to-end tests: one browser, one page, screenshots, and everything the page complained
// about. playwright-core brings no browser of its own and downloads none.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.PADAN_CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TIMEOUT_MS = 20_000;

/** Starts a browser at a laptop's size. Close it when done, also after a failure: `try { ... } finally { close() }`. */
export async function launch({ baseURL, screenshots, viewport = { width: 1366, height: 768 } }) {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(`there is no ${EXECUTABLE}; install Debian's package chromium`);
  }
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, headless: true });
  const context = await browser.newContext({ baseURL, viewport, ignoreHTTPSErrors: true, locale: 'id-ID' });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`));
  page.on('requestfailed', (request) => {
    // Leaving a page cuts off what it still waited for, such as the icon: nothing went wrong.
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') complaints.push(`request: ${request.url()} ${why}`);
  });

  return {
    page,
    /** What scripts, console and network complained about so far. */
    complaints,

    /** Opens an address (or a path under baseURL) and insists on the status, 200 if none is named. */
    async open(address, status = 200) {
      const answer = await page.goto(address, { waitUntil: 'load' });
      if (answer?.status() !== status) {
        throw new Error(`${address} answered ${answer?.status()}, not ${status}`);
      }
      return page;
    },

    /** Saves the whole page as NAME.png; does nothing when no folder for screenshots was given. */
    async screenshot(name, options = {}) {
      if (screenshots) {
        await mkdir(screenshots, { recursive: true });
        await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true, ...options });
      }
    },

    /** Closes the browser. */
    close: () => browser.close(),
  };
}
