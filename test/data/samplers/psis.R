# Golden values of Pareto-smoothed importance sampling, leave-one-out and simultaneous ECDF bands:
#   Rscript test/data/samplers/psis.R > test/data/samplers/psis.json
# Made with R 4.2.2, loo 2.5.1, bayesplot 1.10.0. Weights by a small linear congruential generator, which the test repeats.
suppressMessages({ library(loo); library(bayesplot) })
options(warn = -1)
uniforms <- function(seed, n) {
  s <- seed
  sapply(seq_len(n), function(i) { s <<- (1664525 * s + 1013904223) %% 2^32; (s + .5) / 2^32 })
}
numbers <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
one <- function(lw, r_eff) {
  p <- psis(lw, r_eff = r_eff)
  w <- as.vector(weights(p, log = TRUE, normalize = TRUE))
  numbers(c(pareto_k_values(p), psis_n_eff_values(p), w[1:3], max(w), min(w), sum(w)))
}
u <- function(n) uniforms(7, n)
cases <- c(
  vector = one(-.6 * log(u(2000)), 1), light = one(-.1 * log(u(2000)), 1), heavy = one(-1.3 * log(u(500)), 1),
  few = one(-.6 * log(u(40)), 1), correlated = one(-.6 * log(u(2000)), .3), large = one(800 - .4 * log(u(1000)), .8)
)
coverage <- function(N, K, g) {
  z <- 1:(K - 1) / K; z1 <- c(0, z); z2 <- c(z, 1)
  l <- qbinom(g / 2, N, z2); up <- c(N - rev(l)[2:K], 1)
  x1 <- 0; p <- 1
  for (i in seq_along(z1)) {
    p <- bayesplot:::p_interior(p, x1 = x1, x2 = l[i]:up[i], z1 = z1[i], z2 = z2[i], N = N); x1 <- l[i]:up[i]
  }
  sum(p)
}
bands <- sapply(list(c(100, 20, .0073577594), c(100, 20, .0085), c(100, 20, .0086), c(200, 101, .0035533113), c(1000, 100, .0026698311), c(30, 7, .05)),
                function(a) numbers(c(a, coverage(a[1], a[2], a[3]))))
ranks <- bayesplot:::ecdf_intervals(.01, N = 250, K = 20, L = 4)
# Leave-one-out by loo of four columns of log-likelihoods, 2 chains of 300 draws; efficiencies by posterior.
ar <- function(seed, n) {
  u <- uniforms(seed, n) - .5; x <- numeric(n); x[1] <- u[1]
  for (t in 2:n) x[t] <- .5 * x[t - 1] + u[t]
  x
}
left <- sapply(1:4, function(i) {
  ll <- sapply(1:2, function(c) -i - i * (ar(10 * i + c, 300) + .3)^2)
  r_eff <- posterior::ess_mean(exp(ll)) / 600
  l <- loo(array(ll, c(300, 2, 1)), r_eff = r_eff)
  numbers(c(l$pointwise[1, c("elpd_loo", "p_loo", "mcse_elpd_loo")], pareto_k_values(l)))
})
cat("{\n\"psis\": {\n", paste(sprintf('"%s": %s', names(cases), cases), collapse = ",\n"),
    "\n},\n\"coverage\": [\n", paste(bands, collapse = ",\n"), "\n],\n\"ranks\": {\"lower\": ", numbers(ranks$lower), ", \"upper\": ", numbers(ranks$upper), "},\n\"loo\": [\n", paste(left, collapse = ",\n"), "\n]}\n", sep = "")
