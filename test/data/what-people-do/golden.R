# Golden answers of what people do instead of a mixed model: glm() without the clusters, and with a dummy for each.
# Rscript test/data/what-people-do/golden.R  (from the root of the repository; needs MASS, jsonlite) writes golden.json beside this file.
# Standard errors are those of maximum likelihood: R's own divided by its scale, times the maximum likelihood one.
suppressPackageStartupMessages(library(MASS))
read <- function(name) read.csv(file.path("examples/data", paste0(name, ".csv")))
tight <- glm.control(epsilon = 1e-14, maxit = 200)
# Cluster-robust standard errors (Liang and Zeger 1986), without small-sample factors: for canonical links and Gaussian responses.
robust <- function(m, cluster) {
  x <- model.matrix(m)
  scale <- if (m$family$family %in% c("gaussian")) sum(residuals(m, "response")^2) / length(cluster) else 1
  u <- rowsum(x * residuals(m, "response") * weights(m, "prior") / scale, cluster)
  a <- solve(crossprod(x, x * m$weights) / scale)
  sqrt(diag(a %*% crossprod(u) %*% a))
}
# The products of two rows' scores of a cluster, over their standard deviation; counts of trials in long form.
pairs <- function(m, cluster) {
  scale <- if (m$family$family %in% c("gaussian")) sum(residuals(m, "response")^2) / length(cluster) else 1
  a <- residuals(m, "response") * weights(m, "prior") / scale
  i <- m$weights / scale
  u <- 0; v <- 0
  for (k in split(seq_along(a), cluster)) {
    if (length(k) < 2) next
    o <- outer(a[k], a[k]); w <- outer(i[k], i[k])
    u <- u + sum(o[upper.tri(o)]); v <- v + sum(w[upper.tri(w)])
  }
  u / sqrt(v)
}
long <- function(data) {
  if (!is.matrix(data$y)) return(data)
  times <- rowSums(data$y)
  out <- data[rep(seq_len(nrow(data)), times), ]
  out$y <- unlist(lapply(seq_len(nrow(data)), function(r) rep(1:0, data$y[r, ])))
  out
}
pooled <- function(formula, cluster, family, data) {
  each <- long(data)
  m <- glm(formula, family, data, control = tight)
  n <- nrow(data)
  scale <- if (m$family$family == "gaussian") sum(residuals(m, "response")^2) / n else 1
  list(beta = unname(coef(m)), se = unname(sqrt(diag(summary(m)$cov.unscaled) * scale)), logLik = as.numeric(logLik(m)),
    robust = unname(robust(m, data[[cluster]])), z = pairs(glm(formula, family, each, control = tight), each[[cluster]]))
}
# The covariates' coefficients, and the clusters' own less their mean.
dummies <- function(formula, cluster, family, data, terms) {
  data$cl <- factor(data[[cluster]])
  m <- glm(update(formula, ~ 0 + cl + .), family, data, control = tight)
  n <- nrow(data)
  dispersion <- switch(m$family$family, gaussian = sum(residuals(m, "response")^2) / n,
    Gamma = 1 / gamma.shape(m, it.lim = 200, eps.max = 1e-12)$alpha, NULL)
  scale <- if (is.null(dispersion)) 1 else dispersion
  alpha <- coef(m)[seq_len(nlevels(data$cl))]
  logLik <- if (m$family$family == "Gamma") sum(dgamma(data$y, shape = 1 / dispersion, scale = fitted(m) * dispersion, log = TRUE)) else
    as.numeric(logLik(m))
  cov <- summary(m)$cov.unscaled * scale
  l <- diag(nlevels(data$cl)) - 1 / nlevels(data$cl)
  first <- seq_len(nlevels(data$cl))
  list(beta = unname(coef(m)[terms]), se = unname(sqrt(diag(cov))[terms]), intercept = mean(alpha), sigma = sd(alpha),
    interceptSe = sqrt(mean(cov[first, first])), alpha = unname(alpha - mean(alpha)),
    alphaSe = unname(sqrt(diag(l %*% cov[first, first] %*% t(l)))), logLik = logLik, dispersion = dispersion)
}
set.seed(20)
m <- 12; sizes <- rep(2:5, 3); id <- rep(seq_len(m), sizes); n <- length(id)
x <- round(rnorm(n), 3); w <- round(runif(n), 3); eps <- rnorm(m)[id]
made <- data.frame(id, x, w, y = round(1 + x - w + eps + 0.5 * rnorm(n), 4))
positive <- transform(made, y = round(exp(0.3 + 0.5 * x - w + 0.6 * eps) * rgamma(n, 4, 4), 4))
counts <- transform(made, y = rnegbin(n, exp(1 + 0.4 * x + 0.5 * eps), 3))
cbpp <- read("cbpp"); cbpp$y <- cbind(cbpp$incidence, cbpp$size - cbpp$incidence)
cbpp$period <- factor(cbpp$period)
epil <- read("epil")
# A cluster of zeros alone has no finite coefficient: it fits perfectly, and the rest is without it.
some <- epil[epil$subject %in% names(which(tapply(epil$y, epil$subject, sum) > 0)), ]
terms <- paste0("period", 2:4)
nb <- function(data) {
  data$cl <- factor(data$id)
  m <- glm.nb(y ~ 0 + cl + x, data, control = glm.control(epsilon = 1e-14, maxit = 500), init.theta = 3)
  list(beta = unname(coef(m)["x"]), logLik = as.numeric(logLik(m)), dispersion = m$theta)
}
golden <- list(
  data = list(made = made, positive = positive, counts = counts),
  pooled = list(
    cbpp = pooled(y ~ period, "herd", binomial(), cbpp),
    epil = pooled(y ~ trt + V4, "subject", poisson(), epil),
    made = pooled(y ~ x + w, "id", gaussian(), made)),
  fixed = list(
    logit = dummies(y ~ period, "herd", binomial(), cbpp, terms),
    probit = dummies(y ~ period, "herd", binomial("probit"), cbpp, terms),
    cloglog = dummies(y ~ period, "herd", binomial("cloglog"), cbpp, terms),
    epil = dummies(y ~ V4, "subject", poisson(), some, "V4"),
    made = dummies(y ~ x + w, "id", gaussian(), made, c("x", "w")),
    gamma = dummies(y ~ x + w, "id", Gamma("log"), positive, c("x", "w")),
    negativeBinomial = nb(counts)))
writeLines(jsonlite::toJSON(golden, digits = 17, auto_unbox = TRUE, dataframe = "columns", null = "null"),
  "test/data/what-people-do/golden.json")
