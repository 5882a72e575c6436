# Effective draws a second of rstanarm's NUTS and of JAGS on the CSV files that bench/posterior.ts wrote, 4 chains of 1000
# draws after 1000 of warm-up; prints one JSON object a line. Seconds are processor time of one thread.
# Rscript bench/posterior-peers.R FOLDER
suppressPackageStartupMessages({
  library(rstanarm)
  library(rjags)
  library(posterior)
})
load.module("glm", quiet = TRUE)
folder <- commandArgs(trailingOnly = TRUE)[1]
jobs <- read.csv(file.path(folder, "jobs.csv"), stringsAsFactors = FALSE)
chains <- 4
iterations <- 1000

processor_time <- function(expression) {
  before <- proc.time()
  force(expression)
  used <- proc.time() - before
  sum(used[c("user.self", "sys.self")])
}

report <- function(data, program, draws, sampling, all) {
  ess <- apply(draws, 3, ess_bulk)
  cat(sprintf(
    '{"data":"%s","program":"%s","draws":%d,"ess":%.1f,"variable":"%s","seconds":%.6f,"perSecond":%.4f,"perSecondInAll":%.4f}\n',
    data, program, chains * iterations, min(ess), dimnames(draws)[[3]][which.min(ess)], sampling,
    min(ess) / sampling, min(ess) / all))
}

# Its covariance prior has no half-normal: sigma is exponential with mean 2.5.
run_rstanarm <- function(name, formula, data) {
  fit <- NULL
  all <- processor_time(fit <- suppressWarnings(stan_glmer(
    formula, data = data, family = binomial(), prior = normal(0, 10, autoscale = FALSE),
    prior_intercept = normal(0, 10, autoscale = FALSE), prior_covariance = decov(shape = 1, scale = 2.5),
    chains = chains, iter = 2 * iterations, cores = 1, seed = 1, refresh = 0)))
  elapsed <- rstan::get_elapsed_time(fit$stanfit)
  draws <- as.array(fit)
  kept <- !grepl("^b\\[", dimnames(draws)[[3]])
  draws <- draws[, , kept, drop = FALSE]
  # The variance's square root has the same ranks, and so the same bulk ESS.
  report(name, "rstanarm", draws, all * sum(elapsed[, "sample"]) / sum(elapsed), all)
}

jags_model <- "model {
  for (i in 1:N) { y[i] ~ dbin(p[i], n[i]); logit(p[i]) <- inprod(X[i, ], beta[]) + e[g[i]] }
  for (j in 1:M) { e[j] ~ dnorm(0, tau) }
  for (k in 1:P) { beta[k] ~ dnorm(0, 0.01) }
  sigma ~ dnorm(0, 0.16)T(0, )
  tau <- pow(sigma, -2)
}"

run_jags <- function(name, program, formula, data) {
  parts <- lme4::glFormula(formula, data = data, family = binomial())
  response <- model.response(parts$fr)
  trials <- if (is.matrix(response)) rowSums(response) else rep(1, length(response))
  y <- if (is.matrix(response)) response[, 1] else as.numeric(response)
  group <- parts$reTrms$flist[[1]]
  given <- list(y = y, n = trials, X = parts$X, g = as.integer(group), N = length(y), M = nlevels(group),
                P = ncol(parts$X))
  starts <- lapply(seq_len(chains), function(chain)
    list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = chain))
  model <- NULL
  found <- NULL
  before <- processor_time({
    model <- jags.model(textConnection(jags_model), given, starts, chains, iterations, quiet = TRUE)
  })
  sampling <- processor_time(found <- coda.samples(model, c("beta", "sigma"), iterations, progress.bar = "none"))
  report(name, program, as_draws_array(found), sampling, before + sampling)
}

cat(sprintf('{"versions":{"R":"%s","rstanarm":"%s","rjags":"%s","JAGS":"%s"}}\n', getRversion(),
            packageVersion("rstanarm"), packageVersion("rjags"), jags.version()))
for (i in seq_len(nrow(jobs))) {
  data <- read.csv(file.path(folder, jobs$file[i]))
  formula <- as.formula(jobs$formula[i])
  run_rstanarm(jobs$name[i], formula, data)
  run_jags(jobs$name[i], "JAGS, glm module", formula, data)
  unload.module("glm", quiet = TRUE)
  run_jags(jobs$name[i], "JAGS", formula, data)
  load.module("glm", quiet = TRUE)
}
