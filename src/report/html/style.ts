// The style sheet of a page: light and dark, screens of any width, paper.
import { cssVariables, DARK, LIGHT } from '../theme.js';

const LIGHT_RULES = `${cssVariables(LIGHT)};--panel:#f6f8fa;--link:#0055a5;--error:#b3261e;--warning:#8a5a00;--note:#57606a`;

export const STYLE: string = `:root{color-scheme:light dark;${LIGHT_RULES}}
@media (prefers-color-scheme:dark){:root{${cssVariables(DARK)};--panel:#1b212a;--link:#7dbdff;--error:#ff8a80;--warning:#f0b45a;--note:#a3adb8}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer,nav{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .6rem}
h2{font-size:1.25rem;margin:2.2rem 0 .7rem;padding-top:.6rem;border-top:1px solid var(--grid)}
h3{font-size:1.05rem;margin:1.4rem 0 .5rem}
p,ul,dl{margin:.5rem 0}
p,li,dd{max-width:46rem}
code{font:.92em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--panel);padding:.1em .3em;border-radius:4px;white-space:pre-wrap}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem .8rem;z-index:1}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0}
.muted,.under,figcaption{color:var(--muted);font-size:.9rem}
.under{margin:.2rem 0 0}
.verdict{font-size:1.05rem;font-weight:600}
.findings{list-style:none;padding:0}
.findings li{border-left:4px solid var(--note);background:var(--panel);padding:.5rem .8rem;margin:.6rem 0;border-radius:0 6px 6px 0;max-width:52rem}
.findings .warning{border-color:var(--warning)}
.findings .error{border-color:var(--error)}
.severity{font-weight:700;color:var(--note)}
.warning .severity{color:var(--warning)}
.error .severity{color:var(--error)}
.findings p{margin:.2rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem}
dt{color:var(--muted)}
dd{margin:0}
.table{margin:1rem 0 1.4rem}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.2rem 0 .4rem}
caption span{display:block;position:sticky;left:0;width:fit-content;max-width:calc(100vw - 2rem)}
th,td{padding:.28rem .7rem;border-bottom:1px solid var(--grid);white-space:nowrap;text-align:right}
th:first-child,td:first-child{padding-left:0}
thead th{color:var(--muted);font-weight:600;vertical-align:bottom}
tbody th{font-weight:500}
.word,tbody th{text-align:left}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,23rem),1fr));gap:1.2rem 1.6rem;align-items:start}
figure{margin:.6rem 0;min-width:0;max-width:36rem}
figure svg{display:block;max-width:100%;height:auto}
figcaption{padding-top:.3rem}
.math{overflow-x:auto;margin:.8rem 0}
.predictor{line-height:1.9}
.predictor code{background:none;padding:0}
math{font-size:1.1rem}
math[display=block]{width:fit-content;margin:.35rem 0}
footer{padding-top:1rem;padding-bottom:2rem}
@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}h1{font-size:1.35rem}th,td{padding:.28rem .45rem}tbody th,thead th:first-child{position:sticky;left:0;background:var(--paper)}tbody th{max-width:9.5rem;white-space:normal;overflow-wrap:break-word}table{width:max-content}}
@media print{:root{color-scheme:light;${LIGHT_RULES}}body{font-size:10.5pt}nav,.skip,.csv{display:none}.scroll{overflow:visible}caption span{max-width:none}table{font-size:8.5pt}th,td{white-space:normal;padding:.15rem .4rem}figure,tr,.findings li{break-inside:avoid}h2,h3,caption{break-after:avoid}figure svg{max-width:min(100%,11cm)}a{color:inherit}}`;

/** What a page's policy lets through, and nothing else: this style sheet. SHA-256 of STYLE; a test computes it anew. */
export const STYLE_HASH = 'sha256-kp7veG6+MkjW4pbLIfCYvtA2B3EXQYbwzurtI8eIxLo=';
