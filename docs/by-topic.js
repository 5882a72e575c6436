// Gives every public name of the reference the topic of the room that its file stands in: TypeDoc's categories, without a tag on each; and takes links to sources off.
import { fileURLToPath } from 'node:url';
import { Converter, normalizePath, ReflectionCategory } from 'typedoc';

/** In the order of a page. A file belongs to one of them. */
const topics = [
  ['Data', /^src\/data\//],
  ['Models', /^src\/model\//],
  ['Fits and strategies', /^src\/estimate\/(?!diagnose\.|priors\.|mcem\/(?!mcem\.|em\.))/],
  ['Monte Carlo EM: E-steps and sizes', /^src\/estimate\/mcem\/(?!mcem\.|em\.)/],
  ['Priors', /^src\/estimate\/priors\./],
  ['After the fit', /^src\/inspect\//],
  ['Comparison and calibration', /^src\/compare\//],
  ['Special models', /^src\/special\//],
  ['Plots, pages, exchange', /^src\/report\//],
  [
    'Kernels, chains, draws',
    /^samplers\/(?!diagnostics\/|text\.|errors\.|(rng|variates|discrete-variates|polya-gamma|truncated-normal)\.)/,
  ],
  ['Random numbers', /^samplers\/(rng|variates|discrete-variates|polya-gamma|truncated-normal)\./],
  ['Diagnostics of draws', /^samplers\/diagnostics\/|^src\/estimate\/diagnose\./],
  ['Errors', /^samplers\/errors\./],
  ['Numbers as text', /^samplers\/text\./],
  ['The likelihood, for those who extend it', /^src\/(likelihood|numeric)\//],
];

const root = normalizePath(fileURLToPath(new URL('../', import.meta.url)));

function topicOf(reflection) {
  const file = normalizePath(reflection.sources?.[0]?.fullFileName ?? '').replace(root, '');
  const found = topics.find(([, files]) => files.test(file));
  if (!found) throw new Error(`docs/by-topic.js has no topic for '${reflection.name}' of '${file}'`);
  return found[0];
}

export function load(app) {
  // After TypeDoc's own groups are made, with which the children are sorted.
  const last = -1000;
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => groupAll(project), last);
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => unlinkSources(project), last);
}

/** Sources are named and not linked: where they are to be seen depends on the clone, which may have no remote. */
function unlinkSources({ reflections }) {
  for (const { sources = [] } of Object.values(reflections)) for (const source of sources) delete source.url;
}

function groupAll(project) {
  for (const module of project.children ?? []) {
    const byTopic = new Map(topics.map(([topic]) => [topic, new ReflectionCategory(topic)]));
    for (const child of module.children ?? []) {
      const topic = topicOf(child.isReference() ? child.getTargetReflectionDeep() : child);
      byTopic.get(topic).children.push(child);
    }
    module.categories = [...byTopic.values()].filter(({ children }) => children.length > 0);
  }
}
