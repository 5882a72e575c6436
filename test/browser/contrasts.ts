// Contrast of texts with what is behind them, measured in the page.
import type { Page } from 'playwright-core';

/** Texts whose contrast with the page is below 4.5 (WCAG 2.2, 1.4.3). */
export function contrasts(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const behind = (one) => { for (let e = one; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } };
    return [...document.querySelectorAll('main *, header *')].filter((one) => one.checkVisibility() && !one.disabled && !one.closest(':has(> :disabled)')
      && [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())).filter((one) => {
      const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5;
    }).map((one) => one.outerHTML.slice(0, 80));
  })()`);
}
