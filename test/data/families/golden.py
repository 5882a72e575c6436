# Golden log densities with derivatives, to 20 digits, from the densities as textbooks write them, in 120 to 800 digits.
# python3 test/data/families/golden.py  (needs mpmath; about a minute) writes golden.json beside this file.
import json, os
from mpmath import mp, mpf, log, exp, expm1, atan2, pi, ncdf, loggamma, sqrt, diff, nstr, tan

def binomial(log_mu, log_rest):
    def density(y, n, eta, _):
        choose = loggamma(n + 1) - loggamma(y + 1) - loggamma(n - y + 1)
        return choose + (y * log_mu(eta) if y else 0) + ((n - y) * log_rest(eta) if n > y else 0)
    return density

def poisson(log_mu, mu):
    return lambda y, n, eta, _: (y * log_mu(eta) if y else 0) - mu(eta) - loggamma(y + 1)

def gaussian(mu):
    return lambda y, n, eta, phi: -log(2 * pi * phi) / 2 - (y - mu(eta)) ** 2 / (2 * phi)

def gamma(log_mu):
    def density(y, n, eta, phi):
        a = 1 / phi
        return a * log(a) - loggamma(a) + (a - 1) * log(y) - a * (log_mu(eta) + y * exp(-log_mu(eta)))
    return density

def negative_binomial(y, n, eta, theta):
    total = log(theta + exp(eta))
    return (loggamma(y + theta) - loggamma(theta) - loggamma(y + 1)
            + theta * (log(theta) - total) + y * (eta - total))

def softplus(x):
    return log(1 + exp(x))

cauchy_tail = lambda x: log(atan2(1, x) / pi)
log1mexp = lambda x: log(-expm1(x))
G = 10 ** 9
densities = {
    ('binomial', 'logit'): binomial(lambda e: -softplus(-e), lambda e: -softplus(e)),
    ('binomial', 'probit'): binomial(lambda e: log(ncdf(e)), lambda e: log(ncdf(-e))),
    ('binomial', 'cloglog'): binomial(lambda e: log1mexp(-exp(e)), lambda e: -exp(e)),
    ('binomial', 'cauchit'): binomial(lambda e: cauchy_tail(-e), cauchy_tail),
    ('binomial', 'log'): binomial(lambda e: e, log1mexp),
    ('poisson', 'log'): poisson(lambda e: e, exp),
    ('poisson', 'identity'): poisson(log, lambda e: e),
    ('poisson', 'sqrt'): poisson(lambda e: log(e * e), lambda e: e * e),
    ('gaussian', 'identity'): gaussian(lambda e: e),
    ('gaussian', 'log'): gaussian(exp),
    ('gamma', 'log'): gamma(lambda e: e),
    ('gamma', 'inverse'): gamma(lambda e: -log(e)),
    ('gamma', 'identity'): gamma(log),
    ('negative-binomial', 'log'): negative_binomial,
}
WIDE = [-700, -40, -6, -1.3, -0.05, 0.4, 2.5, 7, 40, 700]
SMALL = [(0, 1), (1, 1), (0, 7), (3, 10), (10, 10)]
# eta near the fitted one for y of n: where counts of a thousand million cancel most.
def near(link, p):
    p = mpf(p)
    eta = {'logit': log(p / (1 - p)), 'probit': mp.sqrt(2) * mp.erfinv(2 * p - 1), 'cloglog': log(-log(1 - p)),
           'cauchit': tan(pi * (p - mpf(1) / 2)), 'log': log(p)}[link]
    return [float(eta), float(eta) * (1 + 1e-5), float(eta) * 1.01]
points = []
for link in ['logit', 'probit', 'cloglog', 'cauchit', 'log']:
    for y, n in SMALL:
        points += [('binomial', link, y, n, e, None) for e in WIDE if link != 'log' or e < 0]
    for y in [300000001, 2, G - 5]:
        points += [('binomial', link, y, G, e, None) for e in near(link, mpf(y) / G)]
for y in [0, 1, 7, 40, G]:
    points += [('poisson', 'log', y, 1, e, None) for e in [-700, -20, -1.2, 0.3, 2, 20.7232, 20.72336, 40, 700]]
    points += [('poisson', 'identity', y, 1, e, None) for e in [1e-3, 0.5, 3, 7.1, 700, 1e9, 1.00001e9]]
    points += [('poisson', 'sqrt', y, 1, e, None)
               for e in [-700, -3, -1e-3, 0.2, 2.6, 31622.7, 31622.9, -31622.7, 700]]
for y in [-2.5, 0.7, 1e6]:
    for phi in [0.01, 2, 1e8]:
        points += [('gaussian', 'identity', y, 1, e, phi) for e in [-700, -1.5, 0, 3, 1e6, 700]]
        points += [('gaussian', 'log', y, 1, e, phi) for e in [-700, -3, -0.4, 0.2, 2, 13.8, 300]]
for y in [1e-3, 2.5, 1e6]:
    for phi in [1e-8, 1e-4, 0.5, 20]:
        points += [('gamma', 'log', y, 1, e, phi) for e in [-600, -6.9, -1, 0.9, 13.8, 40, 700]]
        points += [('gamma', 'inverse', y, 1, e, phi) for e in [1e-6, 1e-3, 0.41, 3, 700]]
        points += [('gamma', 'identity', y, 1, e, phi) for e in [1e-3, 0.4, 2.5, 700, 1e6]]
for y in [0, 1, 7, 600, G]:
    for theta in [1e-6, 0.3, 5, 1e4, 1e10]:
        points += [('negative-binomial', 'log', y, 1, e, theta) for e in [-700, -3, 0, 1.9, 6.4, 20.7232, 20.8, 700]]

def number(value):
    # What the differences leave of an exact 0; the points with 800 digits have true values as small.
    if mp.dps == 120 and abs(value) < mpf('1e-50'): return 0
    return float(nstr(value, 20)) if abs(value) < mpf('1e308') else nstr(value, 20)

# The columns; the last four are derivatives that involve the dispersion.
golden = [['family', 'link', 'y', 'trials', 'eta', 'dispersion', 'value', 'first', 'second', 'third',
           'inDispersion', 'inDispersion2', 'mixed', 'mixed2']]
for family, link, y, n, eta, dispersion in points:
    density = densities[family, link]
    mp.dps = 800 if abs(eta) > 100 and eta == int(eta) and abs(eta) <= 700 else 120
    Y, E = mpf(y) if family in ('gaussian', 'gamma') else y, mpf(eta)
    D = mpf(dispersion) if dispersion else None
    h = mpf(10) ** (-mp.dps // 6)
    f = lambda e, d=D: density(Y, n, e, d)
    # Central differences with an error of h^4 relative to the derivative, far below a double's last digit.
    def slopes(g, x, step):
        a2, a1, c, b1, b2 = g(x - 2 * step), g(x - step), g(x), g(x + step), g(x + 2 * step)
        return [c, (8 * (b1 - a1) - (b2 - a2)) / (12 * step),
                (16 * (b1 + a1) - (b2 + a2) - 30 * c) / (12 * step ** 2),
                ((b2 - a2) - 2 * (b1 - a1)) / (2 * step ** 3)]
    step = h * max(abs(E), mpf(1)) if link in ('log', 'logit', 'probit', 'cloglog', 'cauchit') else h * abs(E or 1)
    value, first, second, third = slopes(f, E, step)
    row = [family, link, y, n, eta, dispersion, number(value), number(first), number(second), number(third)]
    if dispersion:
        t = h * D
        mixed = lambda d: slopes(lambda e: f(e, d), E, step)
        down2, down, up, up2 = mixed(D - 2 * t), mixed(D - t), mixed(D + t), mixed(D + 2 * t)
        central = lambda k: (8 * (up[k] - down[k]) - (up2[k] - down2[k])) / (12 * t)
        _, d1, d2, _ = slopes(lambda d: f(E, d), D, t)
        row += [number(d1), number(d2), number(central(1)), number(central(2))]
    golden.append(row)

folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, 'golden.json'), 'w') as out:
    out.write('[\n' + ',\n'.join(json.dumps(row) for row in golden) + '\n]\n')
