# Golden exact conditional logistic regressions of R's survival::clogit, and Rasch models of eRm.
# Rscript test/data/special/conditional.R  (from the root of the repository; needs survival and eRm) writes conditional.json.
suppressPackageStartupMessages({ library(survival); library(eRm) })
answer <- function(f) sprintf('{ "names": [%s], "estimates": [%s], "standardErrors": [%s], "logLik": %s }',
  paste0('"', names(coef(f)), '"', collapse = ", "), num(coef(f)), num(sqrt(diag(vcov(f)))), num(f$loglik[2]))
num <- function(x) paste(formatC(x, digits = 13, format = "g"), collapse = ", ")
tight <- coxph.control(eps = 1e-13, iter.max = 50, toler.chol = 1e-14)
toenail <- read.csv("examples/data/toenail.csv")
nails <- clogit(outcome ~ time + time:treatment + strata(patientID), toenail, method = "exact", control = tight)
births <- clogit(case ~ spontaneous + induced + strata(stratum), infert, method = "exact", control = tight)
lsat <- read.csv("examples/data/lsat_long.csv")
items <- clogit(y ~ item1 + item2 + item3 + item4 + strata(person), lsat, method = "exact", control = tight)
infection <- read.csv("examples/data/infection.csv")
long <- do.call(rbind, lapply(seq_len(nrow(infection)), function(i) with(infection[i, ],
  data.frame(clinic = clinic, t = t, y = rep(1:0, c(x, n - x))))))
clinics <- clogit(y ~ t + strata(clinic), long, method = "exact", control = tight)
wide <- xtabs(y ~ person + item, lsat)
X <- matrix(as.integer(wide), nrow(wide))
rm <- RM(X)
score <- rowSums(X)
lr <- LRtest(rm, splitcr = "all.r")
med <- LRtest(rm, splitcr = "mean")
# Some answers taken out: every seventh of the rows of the long table.
X2 <- X; X2[cbind((seq(0, 4999, 7) %/% 5) + 1, (seq(0, 4999, 7) %% 5) + 1)] <- NA
rm2 <- RM(X2)
cat(sprintf('{\n  "survival": "%s", "eRm": "%s",\n  "toenail": %s,\n  "infert": %s,\n  "lsat": %s,\n  "infection": %s,\n  "rasch": { "easiness": [%s], "standardErrors": [%s], "logLik": %s },\n  "andersen": { "scores": { "statistic": %s, "df": %d }, "mean": { "statistic": %s, "df": %d } },\n  "missing": { "easiness": [%s], "standardErrors": [%s], "logLik": %s },\n  "infertData": { "case": [%s], "spontaneous": [%s], "induced": [%s], "stratum": [%s] }\n}\n',
  packageVersion("survival"), packageVersion("eRm"), answer(nails), answer(births), answer(items), answer(clinics),
  num(rm$betapar), num(rm$se.beta), num(rm$loglik), num(lr$LR), lr$df, num(med$LR), med$df,
  num(rm2$betapar), num(rm2$se.beta), num(rm2$loglik),
  paste(infert$case, collapse = ","), paste(infert$spontaneous, collapse = ","), paste(infert$induced, collapse = ","),
  paste(infert$stratum, collapse = ",")), file = "test/data/special/conditional.json")
