# Golden profile likelihood intervals of lme4, which confint() is held against.
# Rscript test/data/after-the-fit/golden.R  (from the root of the repository; needs lme4) writes golden.json beside this file.
# lme4's profile of a GLMM uses the nodes that the fit was made with, and interpolates its zeta by splines.
suppressPackageStartupMessages(library(lme4))
herds <- read.csv("examples/data/cbpp.csv")
herds$period <- factor(herds$period)
m <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), herds, binomial, nAGQ = 25,
           control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12))
intervals <- function(fit, level) {
  p <- profile(fit, signames = TRUE, delta = 0.1)
  ci <- confint(p, level = level)
  list(names = rownames(ci), lower = unname(ci[, 1]), upper = unname(ci[, 2]))
}
dye <- lmer(Yield ~ 1 + (1 | Batch), read.csv("examples/data/dyestuff.csv"), REML = FALSE)
dye2 <- lmer(Yield ~ 1 + (1 | Batch), read.csv("examples/data/dyestuff2.csv"), REML = FALSE)
number <- function(x) ifelse(is.na(x), "null", format(x, digits = 10))
json <- function(ci) sprintf('{ "names": [%s], "lower": [%s], "upper": [%s] }',
  paste0('"', ci$names, '"', collapse = ", "), paste(number(ci$lower), collapse = ", "),
  paste(number(ci$upper), collapse = ", "))
cat(sprintf('{\n  "lme4": "%s",\n  "cbpp95": %s,\n  "cbpp80": %s,\n  "dyestuff95": %s,\n  "dyestuff2": %s\n}\n',
  packageVersion("lme4"), json(intervals(m, .95)), json(intervals(m, .8)), json(intervals(dye, .95)),
  json(intervals(dye2, .95))), file = "test/data/after-the-fit/golden.json")
