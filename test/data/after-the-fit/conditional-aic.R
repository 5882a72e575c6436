# Golden conditional AICs, which informationCriteria() is held against: of lme4's fits (GLMMs by Laplace's approximation).
# Rscript test/data/after-the-fit/conditional-aic.R  (from the root of the repository; needs lme4 and cAIC4) writes
# conditional-aic.json beside this file. Poisson by the R package cAIC4. Its version 1.0 refits single trials to the same data (it
# calls refit() with an argument of another name), and its formula for Gaussian responses gives 6.28 degrees for dyestuff where
# refits by lmer give 6.22: those two are by refits here.
suppressPackageStartupMessages({ library(lme4); library(cAIC4) })
control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhobeg = 1e-3, rhoend = 1e-9, maxfun = 1e5))
table <- read.csv("examples/data/dyestuff.csv")
dye <- lmer(Yield ~ 1 + (1 | Batch), table, REML = FALSE,
            control = lmerControl(optCtrl = list(xtol_rel = 1e-12, ftol_abs = 1e-14, ftol_rel = 1e-15)))
h <- 0.05
slope <- sapply(seq_len(nrow(table)), function(r) {
  at <- function(step) { y <- table$Yield; y[r] <- y[r] + step; fitted(refit(dye, y))[r] }
  (at(h) - at(-h)) / (2 * h)
})
gaussian <- list(logLik = sum(dnorm(table$Yield, fitted(dye), sigma(dye), log = TRUE)), df = 1 + sum(slope))
epil <- cAIC(glmer(y ~ lbase + V4 + (1 | subject), read.csv("examples/data/epil.csv"), poisson, control = control))
trials <- read.csv("examples/data/booth_hobert.csv")
booth <- glmer(y ~ x1 - 1 + (1 | z1), trials, binomial, control = control)
mu <- fitted(booth)
change <- sapply(seq_along(mu), function(r) {
  y <- trials$y; y[r] <- 1 - y[r]
  (2 * trials$y[r] - 1) * (qlogis(mu[r]) - qlogis(fitted(refit(booth, newresp = y))[r]))
})
bernoulli <- list(logLik = sum(dbinom(trials$y, 1, mu, log = TRUE)), df = sum(mu * (1 - mu) * change))
json <- function(logLik, df) sprintf('{ "logLik": %.10f, "df": %.10f }', logLik, df)
cat(sprintf('{\n  "lme4": "%s",\n  "cAIC4": "%s",\n  "dyestuff": %s,\n  "epil": %s,\n  "boothHobert": %s\n}\n',
  packageVersion("lme4"), packageVersion("cAIC4"), json(gaussian$logLik, gaussian$df), json(epil$loglikelihood, epil$df),
  json(bernoulli$logLik, bernoulli$df)), file = "test/data/after-the-fit/conditional-aic.json")
