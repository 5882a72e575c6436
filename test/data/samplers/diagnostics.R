# Golden values of the diagnostics: Rscript test/data/samplers/diagnostics.R > test/data/samplers/diagnostics.json
# Made with R 4.2.2, posterior 1.4.0, coda 0.19-4. The chains are made here by a small linear congruential generator, which
# the test repeats exactly: no numbers travel but the answers.
suppressMessages({ library(posterior); library(coda) })
options(digits = 17, warn = -1)

uniforms <- function(seed, n) {
  s <- seed
  sapply(seq_len(n), function(i) { s <<- (1664525 * s + 1013904223) %% 2^32; (s + .5) / 2^32 })
}
ar <- function(seed, n, phi = .5) {
  u <- uniforms(seed, n) - .5
  x <- numeric(n); x[1] <- u[1]
  if (n > 1) for (t in 2:n) x[t] <- phi * x[t - 1] + u[t]
  x
}
chains <- function(n, m, phi = .5, shift = 0) {
  x <- sapply(seq_len(m), function(c) ar(c, n, phi)); x <- matrix(x, n, m)
  x[, m] <- x[, m] + shift
  x
}
cases <- list(
  vector      = chains(200, 4, .5, .1),
  one         = chains(200, 1),
  odd         = chains(201, 3),
  two         = chains(50, 2, .9),
  slow        = chains(1000, 4, .99),
  antithetic  = chains(500, 4, -.8),
  ties        = round(3 * chains(300, 4)),
  binary      = 1 * (chains(150, 2) > .2),
  tailed      = tan(pi * sapply(1:4, function(c) uniforms(c, 400) - .5)),
  tiny        = chains(6, 2),
  four        = chains(4, 2),
  three       = chains(3, 1),
  huge        = 1e6 + chains(200, 4),
  minute      = 1e-6 * chains(200, 4),
  constant    = matrix(1.5, 20, 4),
  stuck       = matrix(rep(1:4, each = 20), 20, 4),
  onestuck    = cbind(chains(40, 3), rep(.25, 40))
)
number <- function(x) {
  x <- suppressWarnings(as.numeric(x))
  if (length(x) != 1) return(paste0("[", paste(sapply(x, number), collapse = ", "), "]"))
  if (is.na(x)) "null" else if (is.infinite(x)) sprintf('"%s"', if (x > 0) "Infinity" else "-Infinity") else sprintf("%.17g", x)
}
quiet <- function(x) tryCatch(x, error = function(e) NA_real_)
diagnose <- function(x) {
  one <- x[, 1]
  long <- nrow(x) >= 20
  hw <- if (long) quiet(heidel.diag(mcmc(one))) else rep(NA, 6)
  if (length(hw) != 6) hw <- rep(NA, 6)
  gelman <- if (ncol(x) > 1 && nrow(x) > 2)
    quiet(gelman.diag(do.call(mcmc.list, apply(x, 2, mcmc, simplify = FALSE)), autoburnin = FALSE)$psrf[1]) else NA
  c(
    rhat = number(quiet(rhat(x))), essBulk = number(quiet(ess_bulk(x))), essTail = number(quiet(ess_tail(x))),
    essMean = number(quiet(ess_mean(x))), essSd = number(quiet(ess_sd(x))),
    essQuantile = number(sapply(c(0, .1, .5, 1), function(p) quiet(ess_quantile(x, p)))),
    mcseMean = number(quiet(mcse_mean(x))), mcseSd = number(quiet(mcse_sd(x))),
    mcseQuantile = number(sapply(c(.05, .5, .9), function(p) quiet(mcse_quantile(x, p)))),
    psrf = number(gelman),
    geweke = if (long) number(quiet(geweke.diag(mcmc(one))$z)) else "null",
    heidelbergerWelch = number(hw),
    acf = if (sd(one) > 0) number(acf(one, lag.max = min(5, nrow(x) - 1), plot = FALSE)$acf[, 1, 1]) else "null",
    summary = number(c(mean(x), median(x), sd(x), mad(x), quantile(x, c(.05, .95))))
  )
}
object <- function(x) paste0("{", paste(sprintf('"%s": %s', names(x), x), collapse = ", "), "}")

# Pareto k-hat and smoothing as stan-dev/posterior R/pareto_smooth.R and R/gpd.R define them, written out here since
# posterior 1.4.0 has none; the tail's length is rounded up, as in loo (posterior has rounded both ways).
gpdfit <- function(x) {
  N <- length(x); M <- 30 + floor(sqrt(N)); jj <- seq_len(M)
  xstar <- x[floor(N / 4 + .5)]
  if (xstar <= x[1]) return(list(k = NA, sigma = NA))
  theta <- 1 / x[N] + (1 - sqrt(M / (jj - .5))) / 3 / xstar
  k <- sapply(theta, function(t) mean(log1p(-t * x)))
  l <- N * (log(-theta / k) - k - 1)
  w <- exp(l - max(l)); w <- w / sum(w)
  that <- sum(theta * w)
  khat <- mean(log1p(-that * x))
  list(k = (khat * N + 5) / (N + 10), sigma = -khat / that)
}
psis <- function(lw, r_eff) {
  x <- lw - max(lw); S <- length(x)
  n <- max(5, ceiling(min(.2 * S, 3 * sqrt(S / r_eff))))
  ord <- order(x); ids <- seq(S - n + 1, S)
  cutoff <- x[ord][min(ids) - 1]
  if (cutoff == x[ord][min(ids)]) cutoff <- cutoff - .Machine$double.eps
  fit <- gpdfit(exp(x[ord][ids]) - exp(cutoff))
  p <- (seq_len(n) - .5) / n
  q <- if (fit$k == 0) exp(cutoff) - fit$sigma * log1p(-p) else exp(cutoff) + fit$sigma * expm1(-fit$k * log1p(-p)) / fit$k
  x[ord[ids]] <- pmin(log(q), 0)
  c(fit$k, n, sum(exp(x)), sum(x), x[1:3])
}
u <- function(n) uniforms(7, n)
weights <- list(
  vector = psis(-.6 * log(u(2000)), 1), light = psis(-.1 * log(u(2000)), 1), heavy = psis(-1.3 * log(u(500)), 1),
  bounded = psis(u(1000), 1), few = psis(-.6 * log(u(40)), 1), correlated = psis(-.6 * log(u(2000)), .3)
)
batch <- function(x, b) {
  n <- nrow(x); a <- floor(n / b); x <- tail(x, a * b)
  means <- apply(x, 2, function(col) colMeans(matrix(col, b)))
  c(b * cov(means))
}
cat("{\n\"cases\": {\n", paste(sprintf('"%s": %s', names(cases), sapply(cases, function(x) object(diagnose(x)))), collapse = ",\n"),
    "\n},\n\"psis\": {\n", paste(sprintf('"%s": %s', names(weights), sapply(weights, number)), collapse = ",\n"),
    "\n},\n\"batchMeans\": {\"default\": ", number(batch(chains(205, 2), 14)), ", \"seven\": ", number(batch(chains(205, 2), 7)),
    "}\n}\n", sep = "")
