# Golden beta-binomial regressions of VGAM (estimates, log-likelihood) and of optim on the lgamma form (cloglog; errors).
# Rscript test/data/special/beta-binomial.R  (from the root of the repository; needs VGAM) writes beta-binomial.json.
suppressPackageStartupMessages(library(VGAM))
d <- read.csv("examples/data/seeds.csv")
f <- vglm(cbind(r, n - r) ~ x1 * x2, betabinomial(zero = 2), d, epsilon = 1e-12, maxit = 300)
X <- model.matrix(~ x1 * x2, d)
minus <- function(inverse) function(p) {
  mu <- inverse(X %*% p[1:4])[, 1]; rho <- plogis(p[5]); s <- 1 / rho - 1
  -sum(lchoose(d$n, d$r) + lbeta(mu * s + d$r, (1 - mu) * s + d$n - d$r) - lbeta(mu * s, (1 - mu) * s))
}
best <- function(g, start) {
  o <- optim(start, g, method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))
  o <- optim(o$par, g, method = "Nelder-Mead", control = list(reltol = 1e-16, maxit = 5000))
  o <- optim(o$par, g, method = "BFGS", control = list(reltol = 1e-16, maxit = 1000))
  rho <- plogis(o$par[5]); D <- diag(c(1, 1, 1, 1, rho * (1 - rho)))
  V <- D %*% solve(optimHess(o$par, g, control = list(ndeps = rep(1e-3, 5)))) %*% D
  sprintf('{ "estimates": [%s], "standardErrors": [%s], "logLik": %s }', num(c(o$par[1:4], rho)), num(sqrt(diag(V))), num(-o$value))
}
num <- function(x) paste(formatC(x, digits = 12, format = "g"), collapse = ", ")
b <- coef(f)
cat(sprintf('{\n  "VGAM": "%s",\n  "vgam": { "estimates": [%s], "logLik": %s },\n  "logit": %s,\n  "cloglog": %s\n}\n',
  packageVersion("VGAM"), num(c(b[c(1, 3, 4, 5)], plogis(b[2]))), num(logLik(f)),
  best(minus(plogis), c(-.54, .1, 1.3, -.8, -4)), best(minus(function(e) 1 - exp(-exp(e))), c(-.9, .1, .9, -.5, -4))),
  file = "test/data/special/beta-binomial.json")
