# The numbers of R that docs/coming-from.md shows beside ours: lme4, MASS and rstanarm on the data of examples/.
# No test needs R. From the project's folder: Rscript docs/coming-from.R (about a minute, most of it toenail and Stan)
suppressPackageStartupMessages(library(lme4))
cat(sprintf("R %s, lme4 %s\n", getRversion(), packageVersion("lme4")))
show <- function(name, fit) {
  cat(sprintf("\n%s\n", name))
  print(round(cbind(estimate = fixef(fit), se = sqrt(diag(as.matrix(vcov(fit))))), 4))
  cat(sprintf("sd %.4f  logLik %.4f\n", attr(VarCorr(fit)[[1]], "stddev"), logLik(fit)))
}

# 1. cbpp: binomial counts.
cbpp <- read.csv("examples/data/cbpp.csv")
herds <- cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)
laplace <- glmer(herds, cbpp, binomial)
show("cbpp, glmer, nAGQ = 1", laplace)
tight <- glmerControl(tolPwrss = 1e-12, optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))
show("cbpp, glmer, nAGQ = 1, tight tolerances", glmer(herds, cbpp, binomial, control = tight))
exact <- glmer(herds, cbpp, binomial, nAGQ = 25)
show("cbpp, glmer, nAGQ = 25", exact)
intercepts <- ranef(exact, condVar = TRUE)$herd
cat("ranef of herd 1 and its sd:", round(c(intercepts[1, 1], sqrt(attr(intercepts, "postVar")[1])), 4), "\n")
new <- data.frame(period = 1:4)
cat("predict, re.form = NA:", round(predict(exact, new, re.form = NA, type = "response"), 4), "\n")
cat("profile intervals\n")
print(suppressMessages(round(confint(laplace, method = "profile"), 3)))
pooled <- glm(cbind(incidence, size - incidence) ~ factor(period), binomial, cbpp)
cat(sprintf("logLik of glm: %.4f; 2 x difference to nAGQ = 1: %.4f\n", logLik(pooled), 2 * (logLik(laplace) - logLik(pooled))))

cat(sprintf("logLik of the saturated model: %.4f\n",
            with(cbpp, sum(dbinom(incidence, size, incidence / size, log = TRUE)))))

# 2. epil: counts, Poisson and negative binomial.
epil <- read.csv("examples/data/epil.csv")
seizures <- y ~ lbase * trt + lage + V4 + (1 | subject)
epil$trt <- factor(epil$trt, levels = c("placebo", "progabide"))
show("epil, Poisson, glmer, nAGQ = 1", glmer(seizures, epil, poisson))
show("epil, Poisson, glmer, nAGQ = 25", glmer(seizures, epil, poisson, nAGQ = 25))
negative <- suppressWarnings(glmer.nb(seizures, epil))
show("epil, negative binomial, glmer.nb", negative)
theta <- getME(negative, "glmer.nb.theta")
cat(sprintf("theta %.4f, sigma() %g\n", theta, sigma(negative)))
cat(sprintf("logLik of the saturated Poisson model: %.4f\n", sum(dpois(epil$y, epil$y, log = TRUE))))
# Laplace's approximation at these estimates, by the expected and by the observed information of each subject's intercept.
laplace_nb <- function(expected) {
  fixed <- as.vector(model.matrix(negative) %*% fixef(negative))
  sd <- attr(VarCorr(negative)[[1]], "stddev")
  sum(sapply(split(seq_along(epil$y), epil$subject), function(r) {
    joint <- function(u) sum(dnbinom(epil$y[r], size = theta, mu = exp(fixed[r] + u), log = TRUE)) + dnorm(u, 0, sd, log = TRUE)
    top <- optimize(joint, c(-4, 4), maximum = TRUE, tol = 1e-10)
    mu <- exp(fixed[r] + top$maximum)
    information <- if (expected) mu / (1 + mu / theta) else mu * (1 + epil$y[r] / theta) / (1 + mu / theta)^2
    top$objective + log(2 * pi) / 2 - log(sum(information) + 1 / sd^2) / 2
  }))
}
cat(sprintf("Laplace by expected information %.4f, by observed %.4f\n", laplace_nb(TRUE), laplace_nb(FALSE)))

# 3. toenail: single trials, a large variance.
toenail <- read.csv("examples/data/toenail.csv")
nails <- outcome ~ treatment * time + (1 | patientID)
for (nodes in c(1, 7, 25, 100)) {
  fit <- suppressWarnings(glmer(nails, toenail, binomial, nAGQ = nodes))
  show(sprintf("toenail, glmer, nAGQ = %d", nodes), fit)
}

# 4. rstanarm on cbpp. decov(shape = 1, scale = 2.5) makes sigma exponential with mean 2.5.
suppressPackageStartupMessages(library(rstanarm))
cat(sprintf("\nrstanarm %s\n", packageVersion("rstanarm")))
bayes <- suppressWarnings(stan_glmer(
  herds, data = cbpp, family = binomial(), prior = normal(0, 10, autoscale = FALSE),
  prior_intercept = normal(0, 10, autoscale = FALSE), prior_covariance = decov(shape = 1, scale = 2.5),
  chains = 4, iter = 6000, cores = 1, seed = 1, refresh = 0))
draws <- as.matrix(bayes)
kept <- cbind(draws[, !grepl("^b\\[|^Sigma", colnames(draws))], sigma = sqrt(draws[, grepl("^Sigma", colnames(draws))]))
print(round(t(apply(kept, 2, function(x) c(mean = mean(x), sd = sd(x), quantile(x, c(.05, .95))))), 3))
