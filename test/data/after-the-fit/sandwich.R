# Golden cluster-robust covariances of pooled fits (sigma = 0), by the R package sandwich, which sandwich() is held against.
# Rscript test/data/after-the-fit/sandwich.R  (from the root of the repository; needs sandwich) writes sandwich.json beside this file.
suppressPackageStartupMessages(library(sandwich))
herds <- read.csv("examples/data/cbpp.csv")
herds$period <- factor(herds$period)
b <- glm(cbind(incidence, size - incidence) ~ period, binomial, herds, epsilon = 1e-14, maxit = 100)
p <- glm(incidence ~ period, poisson, herds, epsilon = 1e-14, maxit = 100)
json <- function(fit, cluster) paste(format(c(vcovCL(fit, cluster, type = "HC0", cadjust = FALSE)), digits = 12), collapse = ", ")
cat(sprintf('{\n  "sandwich": "%s",\n  "binomial": [%s],\n  "poisson": [%s]\n}\n', packageVersion("sandwich"),
  json(b, herds$herd), json(p, herds$herd)), file = "test/data/after-the-fit/sandwich.json")
