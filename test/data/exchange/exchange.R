# What R reads in Stan CSV: Rscript test/data/exchange/exchange.R > test/data/exchange/exchange.json
# Made with R 4.2.2, posterior 1.4.0, data.table 1.14.8, rstan 2.21.7, rstanarm 2.21.3. glmmc_*.csv were written by toStanCsv
# (the test writes them again and compares); they are read here as cmdstanr's read_cmdstan_csv reads the draws of a file (its
# R/csv.R: fread without the comments, posterior's draws_array, points to brackets). rstan_*.csv were written by rstan:
#   stan_glmer(cbind(incidence, size - incidence) ~ factor(period) + (1 | herd), data = cbpp, family = binomial, chains = 2,
#              iter = 40, warmup = 20, thin = 2, seed = 1, sample_file = "rstan.csv")
suppressMessages({ library(posterior); library(rstan) })
here <- "test/data/exchange"
number <- function(x) sprintf("%.17g", x)
array_of <- function(x) paste0("[", paste(x, collapse = ", "), "]")

files <- file.path(here, sprintf("glmmc_%d.csv", 1:2))
read <- lapply(files, function(f) data.table::fread(cmd = paste0("grep -v '^#' --color=never '", f, "'"), data.table = FALSE))
draws <- as_draws_array(read)
variables(draws) <- sub("^(.*?)\\.([0-9.]+)$", "\\1[\\2]", names(read[[1]]), perl = TRUE)
s <- summarise_draws(draws)
rows <- sprintf('"%s": %s', s$variable, apply(as.matrix(s[, -1]), 1, function(r) array_of(number(r))))

array <- as.array(suppressWarnings(read_stan_csv(file.path(here, sprintf("rstan_%d.csv", 1:2)))))
last <- dim(array)[1]
values <- sapply(dimnames(array)[[3]], function(v) array_of(number(c(array[1, 1, v], array[last, 2, v]))))
cat("{\n\"columns\": ", array_of(sprintf('"%s"', names(s)[-1])), ",\n\"glmmc\": {\n", paste(rows, collapse = ",\n"),
    "\n},\n\"rstan\": {\"iterations\": ", last, ", \"ends\": {\n",
    paste(sprintf('"%s": %s', names(values), values), collapse = ",\n"), "\n}}\n}\n", sep = "")
