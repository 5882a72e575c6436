# Golden meta-analyses of metafor (exact conditional models, Poisson-normal and binomial-normal models, DerSimonian-Laird).
# Rscript test/data/special/meta-analysis.R  (from the root of the repository; needs metafor and BiasedUrn) writes
# meta-analysis.json beside this file. metafor maximises the conditional likelihood by general optimisers, to 5 or 6 digits;
# the values under "exact" are of this script's own dense sums over the intercepts, Newton by optimHess.
suppressPackageStartupMessages({ library(metafor); library(BiasedUrn) })
arms <- read.csv("examples/data/catheters.csv")
one <- subset(arms, coated == 1); two <- subset(arms, coated == 0)
tpn <- read.csv("examples/data/catheter_days.csv")
r1 <- subset(tpn, coated == 1); r0 <- subset(tpn, coated == 0)
quiet <- function(e) suppressWarnings(suppressMessages(e))
row <- function(f, tau2 = f$tau2) c(estimate = as.numeric(f$beta)[length(f$beta)], se = f$se[length(f$se)], tau = sqrt(tau2))
or <- row(quiet(rma.glmm(measure = "OR", ai = one$events, n1i = one$patients, ci = two$events, n2i = two$patients,
                         model = "CM.EL", method = "ML", control = list(optimizer = "optim", optmethod = "BFGS"))))
dl <- function(f) c(row(f), Q = f$QE, I2 = f$I2, k = f$k)
orDl <- dl(quiet(rma(measure = "OR", ai = one$events, n1i = one$patients, ci = two$events, n2i = two$patients,
                     method = "DL", drop00 = TRUE)))
irrDl <- dl(rma(measure = "IRR", x1i = r1$events, t1i = r1$days, x2i = r0$events, t2i = r0$days, method = "DL"))
ploDl <- dl(rma(measure = "PLO", xi = two$events, ni = two$patients, method = "DL"))
irlnDl <- dl(rma(measure = "IRLN", xi = r1$events, ti = r1$days, method = "DL"))

# Dense sums over z in steps of 0.05: geometric convergence, far below the printed digits.
z <- seq(-12, 12, by = 0.05)
logSum <- function(m) { top <- apply(m, 1, max); top + log(rowSums(exp(m - top))) }
marginal <- function(p, density) {
  eps <- exp(p[2]) * z
  sum(logSum(sapply(eps, function(e) density(p[1] + e)) + matrix(dnorm(z, log = TRUE) + log(0.05), length(density(0)), length(z), byrow = TRUE)))
}
exact <- function(density, start) {
  g <- function(p) -marginal(p, density)
  o <- optim(start, g, method = "BFGS", control = list(reltol = 1e-15, maxit = 500))
  o <- optim(o$par, g, method = "Nelder-Mead", control = list(reltol = 1e-16, maxit = 2000))
  V <- solve(optimHess(o$par, g, control = list(ndeps = c(1e-3, 1e-3))))
  c(estimate = o$par[1], se = sqrt(V[1, 1]), tau = exp(o$par[2]), logLik = -o$value)
}
hyper <- function(eta) mapply(function(a, n1, c, n0) {
  if (a + c == 0) return(0)
  k <- max(0, a + c - n0):min(n1, a + c)
  w <- lchoose(n1, k) + lchoose(n0, a + c - k) + k * eta
  lchoose(n1, a) + lchoose(n0, c) + a * eta - max(w) - log(sum(exp(w - max(w))))
}, one$events, one$patients, two$events, two$patients)
orExact <- exact(hyper, c(-1.35, log(.83)))
irrExact <- exact(function(eta) dbinom(r1$events, r1$events + r0$events, plogis(eta + log(r1$days / r0$days)), log = TRUE), c(-.48, log(.35)))
ploExact <- exact(function(eta) dbinom(two$events, two$patients, plogis(eta), log = TRUE), c(-3.5, log(.9)))
irlnExact <- exact(function(eta) dpois(r1$events, r1$days * exp(eta), log = TRUE), c(-6.06, log(.81)))

cl <- read.csv("examples/data/infection.csv"); c1 <- subset(cl, t == 1); c0 <- subset(cl, t == 0)
infDl <- dl(rma(measure = "OR", ai = c1$x, n1i = c1$n, ci = c0$x, n2i = c0$n, method = "DL", drop00 = TRUE))
json <- function(v) sprintf("{ %s }", paste0('"', names(v), '": ', formatC(v, digits = 12, format = "g"), collapse = ", "))
cat(sprintf('{\n  "metafor": "%s",\n  "exact": {\n    "oddsRatio": %s,\n    "rateRatio": %s,\n    "logOdds": %s,\n    "logRate": %s\n  },\n  "metaforExact": { "oddsRatio": %s },\n  "derSimonianLaird": {\n    "oddsRatio": %s,\n    "rateRatio": %s,\n    "logOdds": %s,\n    "logRate": %s,\n    "infection": %s\n  }\n}\n',
  packageVersion("metafor"), json(orExact), json(irrExact), json(ploExact), json(irlnExact), json(or), json(orDl), json(irrDl),
  json(ploDl), json(irlnDl), json(infDl)), file = "test/data/special/meta-analysis.json")
