# Golden parametric bootstraps of lme4 (bootMer), which bootstrap() is held against within Monte Carlo error.
# Rscript test/data/after-the-fit/bootstrap.R  (from the root of the repository; needs lme4) writes bootstrap.json beside this file.
suppressPackageStartupMessages(library(lme4))
herds <- read.csv("examples/data/cbpp.csv")
herds$period <- factor(herds$period)
m <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), herds, binomial, nAGQ = 9,
           control = glmerControl(optimizer = "bobyqa"))
dye <- lmer(Yield ~ 1 + (1 | Batch), read.csv("examples/data/dyestuff.csv"), REML = FALSE)
of <- function(fit, B, statistic) {
  b <- suppressWarnings(suppressMessages(bootMer(fit, statistic, nsim = B, seed = 1, use.u = FALSE)))$t
  q <- apply(b, 2, quantile, c(.025, .05, .25, .5, .75, .95, .975), na.rm = TRUE)
  sprintf('{ "replications": %d, "mean": [%s], "sd": [%s], "quantiles": [%s] }', B,
          paste(format(colMeans(b), digits = 10), collapse = ", "),
          paste(format(apply(b, 2, sd), digits = 10), collapse = ", "),
          paste(apply(q, 2, function(x) paste0("[", paste(format(x, digits = 10), collapse = ", "), "]")), collapse = ", "))
}
glm1 <- function(f) c(fixef(f), attr(VarCorr(f)[[1]], "stddev"))
lm1 <- function(f) c(fixef(f), attr(VarCorr(f)[[1]], "stddev"), sigma(f)^2)
cat(sprintf('{\n  "lme4": "%s",\n  "cbpp": %s,\n  "dyestuff": %s\n}\n', packageVersion("lme4"),
  of(m, 1000, glm1), of(dye, 4000, lm1)), file = "test/data/after-the-fit/bootstrap.json")
