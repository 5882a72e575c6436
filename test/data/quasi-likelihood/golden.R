# Golden penalised and marginal quasi-likelihood: the iteration of MASS::glmmPQL over nlme::lme, run until nothing moves.
# Rscript test/data/quasi-likelihood/golden.R  (from the root of the repository; needs MASS, nlme, jsonlite) writes golden.json beside this file.
# glmmPQL stops at a relative change of 1e-3 in eta and always estimates a residual scale; here the scale is 1 unless `free`.
suppressPackageStartupMessages({ library(nlme); library(MASS) })
read <- function(name) read.csv(file.path("examples/data", paste0(name, ".csv")))
pause <- function(free) {
  settings <- lmeControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-12, msTol = 1e-14, niterEM = 50, returnObject = TRUE, opt = "optim")
  if (!free) settings$sigma <- 1
  settings
}
# nlme 3.1-162 does not maximise the restricted likelihood where the scale is fixed, so that one is written out here:
# -1/2 (log |V| + log |X'V^-1 X| + r'V^-1 r), cluster by cluster, in one variable.
restricted <- function(fixed, data) {
  x <- model.matrix(fixed, data)
  rows <- split(seq_len(nrow(x)), data$cl)
  pieces <- function(sigma) {
    m <- 0; b <- 0; yy <- 0; ld <- 0
    for (k in rows) {
      v <- diag(data$invwt[k], length(k)) + sigma^2
      s <- solve(v, cbind(x[k, , drop = FALSE], data$zz[k]))
      m <- m + crossprod(x[k, , drop = FALSE], s[, seq_len(ncol(x))])
      b <- b + crossprod(x[k, , drop = FALSE], s[, ncol(x) + 1])
      yy <- yy + sum(data$zz[k] * s[, ncol(x) + 1])
      ld <- ld + as.numeric(determinant(v)$modulus)
    }
    beta <- solve(m, b)
    list(m = m, beta = as.vector(beta), value = -(ld + as.numeric(determinant(m)$modulus) + yy - sum(b * beta)) / 2 -
      (nrow(x) - ncol(x)) / 2 * log(2 * pi))
  }
  sigma <- optimize(function(s) pieces(s)$value, c(0.01, 5), maximum = TRUE, tol = 1e-9)$maximum
  found <- pieces(sigma)
  effects <- sapply(rows, function(k) {
    v <- diag(data$invwt[k], length(k)) + sigma^2
    sigma^2 * sum(solve(v, data$zz[k] - x[k, , drop = FALSE] %*% found$beta))
  })
  marginal <- as.vector(x %*% found$beta)
  list(beta = found$beta, sigma = sigma, se = sqrt(diag(solve(found$m))), logLik = found$value, effects = unname(effects),
    fitted = list(marginal, marginal + unname(effects)[as.integer(data$cl)]))
}
quasi <- function(formula, cluster, data, family, method = "ML", marginal = FALSE, free = FALSE, size = NULL) {
  n <- if (is.null(size)) rep(1, nrow(data)) else data[[size]]
  data$prior <- n
  environment(formula) <- environment()
  start <- glm(formula, family, data, weights = prior)
  y <- start$y
  eta <- start$linear.predictors
  data$invwt <- 1 / start$weights
  data$cl <- factor(data[[cluster]])
  fixed <- update(formula, zz ~ .)
  for (i in 1:200) {
    mu <- family$linkinv(eta)
    slope <- family$mu.eta(eta)
    data$zz <- eta + (y - mu) / slope
    data$invwt <- family$variance(mu) / (n * slope^2)
    if (method == "REML" && !free) {
      f <- restricted(fixed, data)
      new <- f$fitted[[if (marginal) 1 else 2]]
      change <- sqrt(sum((new - eta)^2) / sum(new^2))
      eta <- new
      if (change < 1e-9) {
        return(list(method = method, marginal = marginal, iterations = i, change = change, beta = as.list(f$beta), sigma = f$sigma,
          standardErrors = as.list(unname(f$se)), effects = as.list(f$effects), logLik = f$logLik))
      }
      next
    }
    f <- lme(fixed, data, random = ~ 1 | cl, weights = varFixed(~invwt), method = method, control = pause(free))
    new <- fitted(f, level = if (marginal) 0 else 1)
    change <- sqrt(sum((new - eta)^2) / sum(new^2))
    eta <- new
    if (change < 1e-9) break
  }
  sigma <- as.numeric(VarCorr(f)[1, 2])
  list(method = method, marginal = marginal, iterations = i, change = change, beta = as.list(unname(fixef(f))), sigma = sigma,
    standardErrors = as.list(unname(sqrt(diag(f$varFix)))),
    dispersion = if (free) f$sigma^2 else NULL, effects = as.list(unname(ranef(f)[, 1])), logLik = as.numeric(logLik(f)))
}
sets <- list(
  cbpp = list(incidence / size ~ factor(period), "herd", binomial(), size = "size"),
  seeds = list(r / n ~ x1 * x2, "plate", binomial(), size = "n"),
  booth_hobert = list(y ~ 0 + x1, "z1", binomial()),
  infection = list(x / n ~ t, "clinic", binomial(), size = "n"),
  toenail = list(outcome ~ treatment * time, "patientID", binomial()),
  epil = list(y ~ lbase + trtprog + lbase_trtprog + lage + V4, "subject", poisson()),
  cbpp_probit = list(incidence / size ~ factor(period), "herd", binomial("probit"), size = "size", file = "cbpp"),
  epil_gamma = list(I(y + 1) ~ lbase + trtprog, "subject", Gamma("log"), file = "epil", free = TRUE)
)
out <- list()
for (name in names(sets)) {
  s <- sets[[name]]
  data <- read(if (is.null(s$file)) name else s$file)
  for (marginal in c(FALSE, TRUE)) for (method in c("ML", "REML")) {
    key <- paste(name, if (marginal) "mql" else "pql", tolower(method), sep = ":")
    got <- try(quasi(s[[1]], s[[2]], data, s[[3]], method, marginal, isTRUE(s$free), s$size), silent = TRUE)
    if (inherits(got, "try-error")) { cat(key, "failed:", got); next }
    cat(key, got$iterations, signif(got$change, 2), signif(c(unlist(got$beta), got$sigma), 6), "\n")
    out[[key]] <- got
  }
}
# The published implementation itself, at its own tolerance and with its free scale, to hold this script against.
published <- function(formula, cluster, data, family) {
  data$cl <- factor(data[[cluster]])
  f <- suppressMessages(glmmPQL(formula, random = ~ 1 | cl, family = family, data = data, verbose = FALSE))
  list(beta = as.list(unname(fixef(f))), sigma = as.numeric(VarCorr(f)[1, 2]), dispersion = f$sigma^2)
}
out[["epil_gamma:glmmPQL"]] <- published(I(y + 1) ~ lbase + trtprog, "subject", read("epil"), Gamma("log"))
out$r <- R.version.string
out$nlme <- as.character(packageVersion("nlme"))
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = NA, null = "null"), "test/data/quasi-likelihood/golden.json")
