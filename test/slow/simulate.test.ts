// Simulated data have the scores and the information that the likelihood says, at length.
import test from 'ava';
import { combinations, identities, titleOf } from '../simulate-cases.js';

for (const combination of combinations) {
  test.serial(`${titleOf(combination)}: Bartlett's identities`, (t) => {
    for (const [a, { score, information }] of identities(combination, 400).entries()) {
      t.true(Math.abs(score) < 4, `score ${a}: z = ${score}`);
      t.true(Math.abs(information) < 4, `information ${a}: z = ${information}`);
    }
  });
}
