# Times glmer and glmmTMB on the CSV files that bench/peers.ts wrote, and prints one JSON object a line.
# Rscript bench/peers.R FOLDER
suppressPackageStartupMessages({
  library(lme4)
  library(glmmTMB)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
jobs <- read.csv(file.path(folder, "jobs.csv"), stringsAsFactors = FALSE)
numbers <- function(x) paste(sprintf("%.17g", x), collapse = ",")

# Three runs after a warm-up where a fit takes less than 2 seconds; else the one.
timed <- function(fit) {
  once <- function() {
    result <- NULL
    seconds <- system.time(result <- suppressWarnings(fit()))[["elapsed"]]
    list(result = result, seconds = seconds)
  }
  first <- once()
  if (first$seconds >= 2) return(c(first, runs = 1))
  list(result = first$result, seconds = median(replicate(3, once()$seconds)), runs = 3)
}

glmer_estimates <- function(fit) {
  list(beta = fixef(fit), sigma = sqrt(unlist(VarCorr(fit)))[[1]], logLik = as.numeric(logLik(fit)))
}
tmb_estimates <- function(fit) {
  list(beta = fixef(fit)$cond, sigma = attr(VarCorr(fit)$cond[[1]], "stddev")[[1]], logLik = as.numeric(logLik(fit)))
}
plain <- glmerControl(calc.derivs = FALSE)
# The fastest that lme4 offers: nlopt's BOBYQA throughout, where the default ends with Nelder and Mead's method.
fastest <- glmerControl(calc.derivs = FALSE, optimizer = "nloptwrap")
programs <- list(
  "glmer nAGQ = 1" = list(
    function(f, d) glmer(f, d, family = binomial), glmer_estimates),
  "glmer nAGQ = 1, no derivatives" = list(
    function(f, d) glmer(f, d, family = binomial, control = plain), glmer_estimates),
  "glmer nAGQ = 1, no derivatives, nloptwrap" = list(
    function(f, d) glmer(f, d, family = binomial, control = fastest), glmer_estimates),
  "glmer nAGQ = 25" = list(
    function(f, d) glmer(f, d, family = binomial, nAGQ = 25), glmer_estimates),
  "glmmTMB" = list(
    function(f, d) glmmTMB(f, d, family = binomial), tmb_estimates)
)

cat(sprintf('{"versions":{"R":"%s","lme4":"%s","glmmTMB":"%s"}}\n',
            getRversion(), packageVersion("lme4"), packageVersion("glmmTMB")))
for (i in seq_len(nrow(jobs))) {
  data <- read.csv(file.path(folder, jobs$file[i]))
  formula <- as.formula(jobs$formula[i])
  for (program in names(programs)) {
    parts <- programs[[program]]
    run <- timed(function() parts[[1]](formula, data))
    estimates <- parts[[2]](run$result)
    cat(sprintf('{"data":"%s","program":"%s","seconds":%.6f,"runs":%d,"beta":[%s],"sigma":%s,"logLik":%s}\n',
                jobs$name[i], program, run$seconds, as.integer(run$runs), numbers(estimates$beta),
                numbers(estimates$sigma), numbers(estimates$logLik)))
  }
}
