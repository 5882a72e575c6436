# Golden design matrices: R's model.frame and model.matrix on one small data set.
# Rscript test/data/design/golden.R  (from the root of the repository; needs jsonlite) writes golden.json beside this file.
invisible(Sys.setlocale("LC_COLLATE", "C"))
set.seed(20240607)
n <- 40
d <- data.frame(
  y = round(rnorm(n), 3), x = round(runif(n, 0.5, 9), 3), z = round(rnorm(n, 100, 15), 2),
  a = sample(c("u", "V", "w"), n, TRUE), b = sample(c("no", "yes"), n, TRUE), c = sample(c("p", "q"), n, TRUE),
  k = sample(c(1, 2, 10), n, TRUE), flag = sample(c(TRUE, FALSE), n, TRUE), `my col` = round(rexp(n), 3),
  g = rep(1:8, 5), check.names = FALSE, stringsAsFactors = FALSE
)
center <- function(x) x - mean(x, na.rm = TRUE)
holes <- d
holes$y[3] <- NA; holes$x[c(5, 9)] <- NA; holes$b[7] <- NA
holes$a[holes$a == "V"] <- NA; holes$a[1:2] <- c("V", "V"); holes$z[1:2] <- NA   # level V goes with its rows

right <- c(
  "1", "x", "x + a", "a + x", "0 + a", "a - 1", "a + b - 1", "0 + x + a + b", "0 + factor(k)", "factor(k)", "flag", "flag:x",
  "0 + flag + a", "a * b", "a * b - 1", "a:b", "0 + a:b", "a + a:b", "b + a:b", "a:b + a", "a * b * c", "(a + b + c)^2",
  "(a + b + c)^2 - a:b", "(a + b + x)^2 - 1", "(a + b + c)^3 - a:b:c", "a * b * c - a:b:c", "a:x", "0 + a:x", "x + a:x", "x:a + a", "a / x", "a / b", "(a + b) / x",
  "b %in% a + a", "a * x - x", "a * x - a", "x * z", "x:z", "x:z + x", "z + x:z - 1", "x + I(x^2)", "I(x^2) + I(-x / z + 1)", "I(2 * (x + 1) / 3)",
  "I(x**2)", "I(-(x + 1)^2 * 2)", "I(x * 100000) + I(x + 123456) + I(x / 1e5 + 0.10)", "I(x * 0.1234567890123456)",
  "log(x)", "log(x + 1)", "log(I(x + 1))", "exp(x / 10) + sqrt(x)", "scale(x)", "scale(log(x))", "scale(x) * a", "center(x) + center(z):b",
  "poly(x, 1)", "poly(x, 2)", "poly(x, 3) + z", "poly(z, 4)", "poly(log(x), 2)", "poly(x, 2):a", "poly(x, 2) * poly(z, 2)", "a * poly(x, 2)",
  "`my col`", "`x` + `my col`:a", "log(`my col`) + poly(`my col`, 2)", "x + offset(log(z))", "offset(x) + a + offset(z)", "x - (-1)", "(x + 0) * a",
  "(x + 1) * a", "(a - 1) + x", "x + 0 + 1", "1 + x + 1", "a + x - a", "I(x) * I(x^2)", "factor(a)", "factor(flag)", "factor(k) * x + flag:x", "(I(x))", "log10(x) + log2(x) + log1p(x) + abs(x - 5)",
  "a:b:c", "0 + a:b:c", "a * b + a:c", "b:x + a:b:x", "x + z + x:z + a:x:z", "0 + x:a:b", "I(x > 4 + 0)"[0]
)
one <- function(rhs, data) {
  f <- as.formula(paste("y ~", rhs))
  mf <- model.frame(f, data, na.action = na.omit, drop.unused.levels = TRUE)
  m <- model.matrix(f, mf)
  off <- model.offset(mf)
  list(formula = rhs, names = as.list(colnames(m)), x = as.list(as.vector(t(m))), rows = nrow(m), rank = qr(m, tol = 1e-7)$rank,
    kept = as.list(match(rownames(mf), rownames(data)) - 1L), offset = if (is.null(off)) NULL else as.list(off))
}
fresh <- function(rhs) {
  f <- as.formula(paste("y ~", rhs))
  mf <- model.frame(f, d)
  nd <- d[c(4, 1, 17), ]; nd$x <- c(3, 12, 0.25); nd$z <- c(90, 80, 130.5)
  t <- delete.response(terms(mf))
  m <- model.matrix(t, model.frame(t, nd, xlev = .getXlevels(t, mf)))
  list(formula = rhs, new = as.list(nd[, c("x", "z", "a", "b", "k")]), x = as.list(as.vector(t(m))))
}
out <- list(
  r = R.version.string, data = lapply(d, as.list), holes = lapply(holes, as.list),
  full = lapply(right, one, data = d),
  missing = lapply(c("x", "a", "a * x", "scale(x) + b", "b + z", "poly(z, 2)"[0], "0 + a + b"), one, data = holes),
  fresh = lapply(c("x * a", "poly(x, 3) + scale(z)", "scale(log(x)):b + factor(k)", "poly(x, 2):a - 1", "0 + a:b + I(x^2)"), fresh)
)
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = NA, na = "null", null = "null"), "test/data/design/golden.json")
