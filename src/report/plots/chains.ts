// Plots of chains: traces, ranks against each other, autocorrelations.
import { autocorrelation } from '../../../samplers/diagnostics/autocorrelation.js';
import { essBulk } from '../../../samplers/diagnostics/ess.js';
import { rankPlot } from '../../../samplers/diagnostics/rank-plot.js';
import { allChains, type Draws } from '../../../samplers/draws.js';
import type { PosteriorFit } from '../../estimate/fit.js';
import { chosenVariables, drawsOf } from './arguments.js';
import {
  colouredByChain,
  finite,
  measure,
  type PlotRow,
  type PlotSpec,
  plotSpec,
  smallMultiples,
} from './spec.js';

/** Points of one chain that a trace shows at most. */
const MOST_POINTS = 250;
const LAGS = 30;

function chainNames({ chains }: Draws): string[] {
  return Array.from({ length: chains }, (_, c) => String(c + 1));
}

/**
 * The kept draws of each chain in their order, evenly thinned to 250 a chain at most.
 * @param variables a name or several; the parameters where left out (eight at most)
 * @throws GlmmcError `bad-draws`, `unknown-variable`
 */
export function tracePlot(source: PosteriorFit | Draws, variables?: string | readonly string[]): PlotSpec {
  const draws = drawsOf('tracePlot()', source);
  const names = chosenVariables('tracePlot()', draws, variables);
  const every = Math.ceil(draws.iterations / MOST_POINTS);
  const chains = chainNames(draws);
  const values = names.flatMap((variable) =>
    chains.flatMap((chain, c): PlotRow[] => {
      const column = draws.chain(variable, c);
      const rows: PlotRow[] = [];
      for (let t = 0; t < column.length; t += every) {
        rows.push({ variable, chain, draw: t + 1, value: finite(column[t]) });
      }
      return rows;
    }),
  );
  const thinned = every > 1 ? `, 1 of every ${every} draws` : '';
  return plotSpec(
    `Traces${thinned}`,
    `Draws of ${names.join(', ')} in their order, ${chains.length} chains of ${draws.iterations}${thinned}.`,
    values,
    smallMultiples(
      'variable',
      names,
      { columns: 1, width: 310, height: 64 },
      [
        {
          mark: { type: 'line', strokeWidth: 0.8, opacity: 0.8 },
          encoding: {
            x: measure('draw', 'draw', { scale: { nice: false, zero: false }, axis: { tickCount: 5 } }),
            y: measure('value', null, { scale: { zero: false }, axis: { tickCount: 3 } }),
            color: colouredByChain(chains),
          },
        },
      ],
      'x',
    ),
  );
}

/**
 * Each chain's ranks among the draws of all chains, as distribution functions less what agreement expects, with the 95% band for
 * all points together. Chains are thinned to their effective size first, for which the band holds.
 *
 * Source: Vehtari et al. (2021), section 4.3; Sailynoja, Buerkner, Vehtari (2022).
 * @throws GlmmcError `bad-draws`, `unknown-variable`; `bad-chains` for one chain
 */
export function rankEcdfPlot(source: PosteriorFit | Draws, variables?: string | readonly string[]): PlotSpec {
  const draws = drawsOf('rankEcdfPlot()', source);
  const names = chosenVariables('rankEcdfPlot()', draws, variables);
  const chains = chainNames(draws);
  const values = names.flatMap((variable): PlotRow[] => {
    const all = allChains(draws, variable);
    const size = all.length * draws.iterations;
    const every = Math.max(
      1,
      Math.min(Math.ceil(size / essBulk(all)) || 1, Math.floor(draws.iterations / 20)),
    );
    const {
      chains: ranked,
      points,
      lower,
      upper,
    } = rankPlot(all.map((chain) => chain.filter((_, t) => t % every === 0)));
    return ranked.flatMap(({ difference }, c) => [
      { variable, chain: chains[c], share: 0, difference: 0, lower: 0, upper: 0 },
      ...Array.from(points, (share, k) => ({
        variable,
        chain: chains[c],
        share,
        difference: difference[k],
        lower: lower[k],
        upper: upper[k],
      })),
    ]);
  });
  const x = measure('share', 'share of all ranks', { axis: { tickCount: 3 } });
  return plotSpec(
    'Ranks among all chains',
    `For ${names.join(', ')}: each chain's share of the lowest ranks less what agreement expects, with a 95% band.`,
    values,
    smallMultiples('variable', names, { columns: 2, width: 130, height: 80 }, [
      {
        transform: [{ filter: { field: 'chain', equal: '1' } }],
        mark: { type: 'area', style: 'band' },
        encoding: { x, y: measure('lower', null), y2: { field: 'upper' } },
      },
      {
        mark: { type: 'line', strokeWidth: 1.2 },
        encoding: {
          x,
          y: measure('difference', null, { axis: { tickCount: 3 } }),
          color: colouredByChain(chains),
        },
      },
    ]),
  );
}

/**
 * Autocorrelations at lags 0 to 30, or to the last that the chains have, a line for each chain.
 * @throws GlmmcError `bad-draws`, `unknown-variable`
 */
export function autocorrelationPlot(
  source: PosteriorFit | Draws,
  variables?: string | readonly string[],
): PlotSpec {
  const draws = drawsOf('autocorrelationPlot()', source);
  const names = chosenVariables('autocorrelationPlot()', draws, variables);
  const chains = chainNames(draws);
  const lags = Math.min(LAGS, draws.iterations - 1);
  const values = names.flatMap((variable) =>
    chains.flatMap((chain, c) =>
      Array.from(
        autocorrelation(draws.chain(variable, c), lags),
        (value, lag): PlotRow => ({ variable, chain, lag, value: finite(value) }),
      ),
    ),
  );
  return plotSpec(
    'Autocorrelations',
    `Autocorrelations of ${names.join(', ')} at lags 0 to ${lags}, one line for each of ${chains.length} chains.`,
    values,
    smallMultiples(
      'variable',
      names,
      { columns: 2, width: 130, height: 80 },
      [
        { mark: { type: 'rule', style: 'reference' }, encoding: { y: { datum: 0 } } },
        {
          mark: { type: 'line', strokeWidth: 1.2 },
          encoding: {
            x: measure('lag', 'lag', { axis: { tickCount: 4 } }),
            y: measure('value', null, { axis: { tickCount: 4 } }),
            color: colouredByChain(chains),
          },
        },
      ],
      'both',
    ),
  );
}
