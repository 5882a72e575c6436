// glmm(): formula, data and family made into a model that every strategy can fit.

import * as v from 'valibot';
import { GlmmcError } from '../../samplers/errors.js';
import { checkOptions } from '../../samplers/options.js';
import { buildDesign, type Design } from '../data/design.js';
import type { DataSource } from '../data/table.js';
import { type Clusters, sortIntoClusters } from './clusters.js';
import { combine, traitsOf } from './combinations.js';
import { normal } from './effects/normal.js';
import type { Family } from './family.js';
import { type Finding, someOf } from './finding.js';
import { checkInformation } from './information.js';
import type { RandomEffect } from './random-effect.js';

/** What `glmm()` gives: data, family and distribution of the intercepts, which every strategy fits. */
export interface Model {
  readonly formula: string;
  readonly family: Family;
  readonly randomEffect: RandomEffect;
  readonly coefficientNames: readonly string[];
  /** Rows used, n. */
  readonly observations: number;
  readonly clusterLabels: readonly string[];
  readonly clusterName: string;
  readonly findings: readonly Finding[];
  /** The design in the order of the data. */
  readonly design: Design;
  /** The same rows sorted by cluster. */
  readonly clusters: Clusters;
}

/** Options of `glmm()`. */
export interface ModelOptions {
  readonly family: Family;
  readonly randomEffect?: RandomEffect;
  /** Column whose values multiply each row's log density, inside the integral. */
  readonly weights?: string;
  /** Column, constant within clusters, that multiplies each cluster's log-likelihood. */
  readonly clusterWeights?: string;
  /** Column added to the linear predictor. */
  readonly offset?: string;
  /** Order of the levels of categorical columns; the first is the reference. */
  readonly levels?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}

/**
 * A generalised linear mixed model with random intercepts: Y_ij | eps_i from `family`,
 * g(mu_ij) = x_ij' beta + eps_i, eps_i iid from `randomEffect`.
 *
 * @param formula R's way: `y ~ x + factor(g) + (1 | cluster)`; responses `y`, `cbind(s, f)`, `y | trials(n)`.
 * @param data columns of equal length, an array of row objects, or an Arrow-shaped table.
 * @throws GlmmcError for data or a formula that no model can be made of: what was expected, found, and to try.
 */
export function glmm(formula: string, data: DataSource, options: ModelOptions): Model {
  if (options === undefined) {
    throw new GlmmcError(
      'bad-option',
      'glmm() takes a family in its third argument, such as { family: binomial() }; found none',
    );
  }
  const known = checkOptions(
    'glmm()',
    {
      family: v.custom<Family>(isFamily, 'a family such as binomial()'),
      randomEffect: v.optional(
        v.custom<RandomEffect>(isRandomEffect, 'a distribution such as normal()'),
        normal(),
      ),
      weights: v.optional(v.string('the name of a column')),
      clusterWeights: v.optional(v.string('the name of a column')),
      offset: v.optional(v.string('the name of a column')),
      levels: v.optional(
        v.record(
          v.string(),
          v.array(
            v.union([v.string(), v.number(), v.boolean()], 'a text, a number or a boolean'),
            'a list of levels, the reference first',
          ),
          'lists of levels by column',
        ),
      ),
    },
    options,
  );
  const { family, randomEffect } = known;
  refuseImproper(family, randomEffect);
  const design = buildDesign(formula, data, {
    ...(known.weights !== undefined && { weights: known.weights }),
    ...(known.clusterWeights !== undefined && { clusterWeights: known.clusterWeights }),
    ...(known.offset !== undefined && { offset: known.offset }),
    ...(known.levels !== undefined && { levels: known.levels }),
  });
  checkResponse(family, design);
  const clusters = sortIntoClusters(design, family.outcome);
  checkInformation(family, design, clusters);
  tryRows(family, design);
  return {
    formula: design.formula,
    family,
    randomEffect,
    coefficientNames: design.coefficientNames,
    observations: design.rows,
    clusterLabels: design.clusterLabels,
    clusterName: design.clusterName,
    findings: dataFindings(design, clusters, family),
    design,
    clusters,
  };
}

/** The same model for other responses, in the order of the design's rows; they are taken to be possible ones. */
export function withResponse(model: Model, y: Float64Array): Model {
  const { family } = model;
  const design = { ...model.design, y };
  const clusters = sortIntoClusters(design, family.outcome);
  return { ...model, design, clusters, findings: dataFindings(design, clusters, family) };
}

/** The same model with other cluster weights, one a cluster. */
export function withClusterWeights(model: Model, clusterWeights: Float64Array): Model {
  const { design, clusters } = model;
  return { ...model, design: { ...design, clusterWeights }, clusters: { ...clusters, clusterWeights } };
}

/** The same model with other intercepts. @throws GlmmcError `improper-model` */
export function withRandomEffect(model: Model, randomEffect: RandomEffect): Model {
  refuseImproper(model.family, randomEffect);
  return { ...model, randomEffect };
}

/**
 * Rows as the data in long form would have them: a cluster of weight w stands for w clusters, so its rows count w times.
 * Without cluster weights it is `observations`; of rows that were merged in a database, all of them.
 */
export function countedRows({ clusters, design }: Pick<Model, 'clusters' | 'design'>): number {
  if (design.dataRows !== undefined) return design.dataRows;
  if (!design.clusterWeights) return design.rows;
  let total = 0;
  for (let i = 0; i < clusters.count; i++) {
    total += clusters.clusterWeights[i] * (clusters.starts[i + 1] - clusters.starts[i]);
  }
  return total;
}

/** What options that take a family take. */
export function isFamily(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'traits' in value;
}

export function isRandomEffect(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'logDensity' in value && 'scaleFamily' in value;
}

/** @throws GlmmcError `improper-model` */
function refuseImproper(family: Family, effect: RandomEffect): void {
  const { refusal } = combine(family.traits, traitsOf(effect));
  if (!refusal) return;
  throw new GlmmcError(
    'improper-model',
    `${family.name} responses with the ${family.link.name} link and ${effect.name} intercepts make no proper model: ${refusal.reason}; use ${refusal.instead}`,
  );
}

/** Lets a family try its density on the rows, at eta from their starting means. */
function tryRows(family: Family, design: Design): void {
  const { checkRows, link } = family;
  if (!checkRows) return;
  const { y } = design;
  const trials = design.trials ?? new Float64Array(design.rows).fill(1);
  const weights = design.weights ?? new Float64Array(design.rows).fill(1);
  const mu = y.map((value, r) => family.startingMean(value, trials[r]));
  const dispersion = family.dispersion?.start(y, mu) ?? 1;
  const eta = mu.map((mean) => link.apply(mean));
  checkRows(
    { y, trials, weights, eta },
    dispersion > 0 ? dispersion : 1,
    (row) => `row ${design.keptRows[row] + 1}`,
  );
}

/** @throws GlmmcError `bad-response`, `constant-response` */
export function checkResponse(family: Family, design: Design): void {
  if (design.trials && !family.counts) {
    throw new GlmmcError(
      'bad-response',
      `${family.name}() takes a plain response, found successes and trials; use binomial(), or name one column on the left of ~`,
    );
  }
  for (let r = 0; r < design.rows; r++) {
    const y = design.y[r];
    const trials = design.trials?.[r] ?? 1;
    if (!family.response.allows(y, trials)) {
      throw new GlmmcError(
        'bad-response',
        `row ${design.keptRows[r] + 1}: ${family.name}() takes ${family.response.expected}, found ${y}${design.trials ? ` of ${trials}` : ''} in '${design.responseName}'; ${responseAdvice(family, design)}`,
      );
    }
  }
  if (family.dispersion && design.y.every((y) => y === design.y[0])) {
    throw new GlmmcError(
      'constant-response',
      `the ${family.name} response '${design.responseName}' is ${design.y[0]} in every row, so there is no variance to explain; check the column`,
    );
  }
}

function responseAdvice(family: Family, design: Design): string {
  if (family.name !== 'binomial') return 'correct the row, or choose another family';
  return design.trials
    ? 'correct the row'
    : `for counts write cbind(successes, failures) or ${design.responseName} | trials(n)`;
}

function dataFindings(design: Design, clusters: Clusters, family: Family): Finding[] {
  const findings: Finding[] = [];
  if (design.droppedRows > 0) {
    findings.push({
      code: 'rows-dropped',
      severity: 'note',
      message: `${design.droppedRows} of ${design.droppedRows + design.rows} rows were dropped for missing values in ${someOf(design.droppedColumns)}.`,
      advice: 'Check that the rows are missing at random, or fill them in before the fit.',
      where: design.droppedColumns,
    });
  }
  if (family.name === 'binomial') findings.push(...uniformClusters(design, clusters));
  return findings;
}

/** Clusters with no success or no failure: harmless singly, but where all are so sigma has no finite estimate. */
function uniformClusters(design: Design, clusters: Clusters): Finding[] {
  const uniform: string[] = [];
  for (let i = 0; i < clusters.count; i++) {
    let successes = 0;
    let trials = 0;
    for (let r = clusters.starts[i]; r < clusters.starts[i + 1]; r++) {
      successes += clusters.y[r];
      trials += clusters.trials[r];
    }
    if (trials > 1 && (successes === 0 || successes === trials)) uniform.push(design.clusterLabels[i]);
  }
  if (uniform.length === 0) return [];
  const all = uniform.length === clusters.count;
  const kind = kindOfAll(clusters);
  if (kind) {
    return [
      {
        code: 'clusters-all-alike',
        severity: 'warning',
        message: `Every response is a ${kind}.`,
        advice:
          'No intercept has a finite estimate, and nothing is known of sigma. Check the response, or use priors (gibbs()).',
        where: uniform,
      },
    ];
  }
  return [
    {
      code: 'clusters-all-alike',
      severity: all ? 'warning' : 'note',
      message: `${uniform.length} of ${clusters.count} clusters have all successes or all failures${uniform.length <= 5 ? ` (${uniform.join(', ')})` : ''}.`,
      advice: all
        ? 'Every cluster is of one kind: the likelihood rises as sigma grows, and sigma has no finite estimate. Use a prior (gibbs()) or coarser clusters.'
        : 'The Laplace approximation is at its worst in such clusters; quadrature() is exact.',
      where: uniform,
    },
  ];
}

/** What every response is, where all are of one kind. */
function kindOfAll({ y, trials }: Clusters): 'success' | 'failure' | undefined {
  if (y.every((successes) => successes === 0)) return 'failure';
  return y.every((successes, r) => successes === trials[r]) ? 'success' : undefined;
}
