// The page: a model is chosen, a worker fits it, what it says is shown.
import type { Finding } from 'glmmc';
import { Charts } from './chart.js';
import type { FromWorker, Point, Row, ToWorker } from './messages.js';
import { dataSets, families } from './models.js';
import { showFindings, showTable } from './results.js';
import { choices, serves } from './strategies.js';

const BY_DEFAULT = new Set(['quadrature', 'laplace', 'mcem', 'gibbs']);
const OWN_FILE = 'own';

function get<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found as T;
}

const [data, family, link, path] = ['data', 'family', 'link', 'path'].map((id) => get<HTMLSelectElement>(id));
const [file, seed] = ['file', 'seed'].map((id) => get<HTMLInputElement>(id));
const formula = get<HTMLTextAreaElement>('formula');
const [run, cancel, download, json] = ['run', 'cancel', 'report', 'json'].map((id) =>
  get<HTMLButtonElement>(id),
);
const bar = get<HTMLProgressElement>('progress');
const charts = new Charts(get('charts'));
const worker = new Worker('worker.js', { type: 'module' });

let csv = '';
let modelFindings: readonly Finding[] = [];
let stage = '';
let rows: readonly Row[] = [];
let drawn = '';

const say = (message: ToWorker): void => worker.postMessage(message);

function option(value: string, text: string): HTMLOptionElement {
  return new Option(text, value);
}

function tell(text: string): void {
  get('status').textContent = text;
}

function fail(text: string): void {
  const error = get('error');
  error.hidden = text === '';
  error.textContent = text;
}

function fillLinks(): void {
  link.replaceChildren(...families[family.value].links.map((name) => option(name, name)));
  fillStrategies();
}

/** Strategies that do not serve the family are there, but cannot be chosen. */
function fillStrategies(): void {
  for (const [name, choice] of Object.entries(choices)) {
    const box = get<HTMLInputElement>(`strategy-${name}`);
    box.disabled = !serves(choice, family.value, link.value);
  }
}

async function chooseData(): Promise<void> {
  const chosen = dataSets.find((set) => set.file === data.value);
  if (!chosen) return;
  formula.value = chosen.formula;
  family.value = chosen.family;
  fillLinks();
  const answer = await fetch(`data/${chosen.file}.csv`);
  const text = await answer.text();
  // Another one may have been chosen meanwhile.
  if (data.value === chosen.file) showCsv(text, chosen.file);
}

async function takeFile(own: File | undefined): Promise<void> {
  if (!own) return;
  data.value = OWN_FILE;
  formula.value = '';
  showCsv(await own.text(), own.name);
  formula.focus();
}

function showCsv(text: string, name: string): void {
  csv = text;
  fail('');
  const head = text.slice(0, 65536).split(/\r?\n/, 1)[0];
  get('columns').textContent = `Columns of ${name}: ${head
    .split(/[,;\t]/)
    .join(', ')
    .slice(0, 400)}`;
}

function setBusy(busy: boolean): void {
  run.disabled = busy;
  cancel.disabled = !busy;
  bar.hidden = !busy;
  get('form').setAttribute('aria-busy', String(busy));
}

function setDownloads(there: boolean): void {
  download.disabled = !there;
  json.disabled = !there;
}

function start(): void {
  const strategies = Object.keys(choices).filter((name) => {
    const { checked, disabled } = get<HTMLInputElement>(`strategy-${name}`);
    return checked && !disabled;
  });
  if (strategies.length === 0) {
    fail('Choose at least one strategy that serves the family and its link.');
    return;
  }
  fail('');
  get('results').hidden = true;
  get('paths').hidden = true;
  // Paths of the last model would pass for those of this one, where it is refused.
  charts.begin([]);
  setDownloads(false);
  setBusy(true);
  tell('Reading the data.');
  stage = '';
  say({
    kind: 'run',
    csv,
    formula: formula.value,
    family: family.value,
    link: link.value,
    strategies,
    seed: seed.value,
  });
}

function end(text: string): void {
  setBusy(false);
  tell(text);
}

function hear(message: FromWorker): void {
  switch (message.kind) {
    case 'ready':
      document.documentElement.dataset.ready = 'true';
      return;
    case 'model':
      modelFindings = message.findings;
      charts.begin(message.names);
      return;
    case 'progress':
      progress(message);
      return;
    case 'points':
      draw(message.stage.split(': ')[0], message.points);
      return;
    case 'done':
      rows = message.rows;
      showTable(get('table'), rows);
      fillPaths();
      showFindings(get('findings'), [
        { of: 'model', findings: modelFindings },
        ...message.rows.map(({ strategy, findings }) => ({ of: strategy, findings })),
      ]);
      get('text').textContent = message.text;
      get('results').hidden = false;
      setDownloads(true);
      end(`Done: ${message.rows.length === 1 ? 'one strategy' : `${message.rows.length} strategies`}.`);
      return;
    case 'report':
      save(message.name, message.type, message.text);
      return;
    case 'cancelled':
      end('Cancelled.');
      return;
    case 'error':
      fail(message.message);
      end('Not fitted.');
      return;
  }
}

/** The charts are of one strategy at a time: the one that runs, then the one that is chosen. */
function draw(of: string, points: readonly Point[]): void {
  if (points.length === 0) return;
  if (of !== drawn) charts.clear();
  drawn = of;
  for (const { chain, values } of points) charts.add(chain, values);
  charts.draw();
}

function drawChosen(): void {
  drawn = '';
  draw(path.value, rows.find(({ strategy }) => strategy === path.value)?.path ?? []);
}

/** Whose paths can be looked at; the last one is shown. */
function fillPaths(): void {
  const some = rows.filter((row) => row.path.length > 0);
  path.replaceChildren(...some.map(({ strategy }) => option(strategy, strategy)));
  path.value = some.at(-1)?.strategy ?? '';
  get('paths').hidden = some.length === 0;
  drawChosen();
}

function progress(message: FromWorker & { kind: 'progress' }): void {
  const { done, total, secondsLeft } = message;
  if (total === undefined) bar.removeAttribute('value');
  else bar.value = Math.min(1, done / total);
  const left = secondsLeft !== undefined && secondsLeft >= 1 ? `, ${Math.round(secondsLeft)} s left` : '';
  bar.title = `${done}${total === undefined ? '' : ` of ${total}`}${left}`;
  // A screen reader hears each stage once; the numbers are the bar's.
  if (stage !== message.stage) tell(`${message.stage}.`);
  stage = message.stage;
}

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

data.append(
  ...dataSets.map(({ file, about }) => option(file, `${file}: ${about}`)),
  option(OWN_FILE, 'a file of your own'),
);
family.append(...Object.keys(families).map((name) => option(name, name)));
for (const [name, { label }] of Object.entries(choices)) {
  const line = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.id = `strategy-${name}`;
  box.checked = BY_DEFAULT.has(name);
  line.append(box, label);
  get('strategies').append(line);
}

data.addEventListener('change', chooseData);
family.addEventListener('change', fillLinks);
link.addEventListener('change', fillStrategies);
path.addEventListener('change', drawChosen);
file.addEventListener('change', () => takeFile(file.files?.[0]));
const drop = get('drop');
for (const name of ['dragenter', 'dragover']) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
}
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  void takeFile(event.dataTransfer?.files[0]);
});
get('form').addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
cancel.addEventListener('click', () => say({ kind: 'cancel' }));
download.addEventListener('click', () => say({ kind: 'report', as: 'page' }));
json.addEventListener('click', () => say({ kind: 'report', as: 'json' }));
worker.addEventListener('message', ({ data: message }: MessageEvent<FromWorker>) => hear(message));
worker.addEventListener('error', ({ message }) => {
  fail(`The worker failed: ${message || 'it could not be started'}. Load the page again.`);
  end('Not fitted.');
});
await chooseData();
