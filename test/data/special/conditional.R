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
b <- rm$betapar
theta <- coef(person.parameter(rm))[match(1:4, score)]
thetaSe <- unlist(person.parameter(rm)$se.theta)[match(1:4, score[score %in% 1:4])]
p <- function(t) plogis(t + b)
warm <- sapply(0:5, function(r) uniroot(function(t) { q <- p(t) * (1 - p(t)); r - sum(p(t)) + sum(q * (1 - 2 * p(t))) / (2 * sum(q)) },
  c(-20, 20), tol = 1e-14)$root)
# Joint: persons of one score share their estimate, so that a glm with the score as a factor has the same item coefficients.
inside <- lsat[rep(score, each = 5) %in% 1:4, ]; inside$score <- rep(score, each = 5)[rep(score, each = 5) %in% 1:4]
joint <- glm(y ~ 0 + factor(item) + factor(score), binomial, inside, epsilon = 1e-14, maxit = 100)
jb <- coef(joint)[1:5]
C <- diag(5) - 1 / 5
jse <- sqrt(diag(C %*% vcov(joint)[1:5, 1:5] %*% C))
# Fit given the score, by all 32 patterns.
all32 <- as.matrix(expand.grid(rep(list(0:1), 5)))
mass <- exp(all32 %*% b)[, 1]
chances <- t(sapply(1:4, function(r) { i <- rowSums(all32) == r; colSums(all32[i, ] * mass[i]) / sum(mass[i]) }))
i <- score %in% 1:4
P <- chances[score[i], ]; Y <- X[i, ]; V <- P * (1 - P)
infit <- colSums((Y - P)^2) / colSums(V); outfit <- colMeans((Y - P)^2 / V)
infitZ <- (infit - 1) * colSums(V) / sqrt(colSums(V * (1 - 4 * V)))
outfitZ <- (outfit - 1) * nrow(V) / sqrt(colSums(1 / V - 4))
first <- which(i)[1]
personFit <- c(rowSums((Y - P)^2)[1] / rowSums(V)[1], rowMeans((Y - P)^2 / V)[1])
cat(sprintf('{\n  "survival": "%s", "eRm": "%s",\n  "toenail": %s,\n  "infert": %s,\n  "lsat": %s,\n  "infection": %s,\n  "rasch": { "easiness": [%s], "standardErrors": [%s], "logLik": %s },\n  "andersen": { "scores": { "statistic": %s, "df": %d }, "mean": { "statistic": %s, "df": %d } },\n  "missing": { "easiness": [%s], "standardErrors": [%s], "logLik": %s },\n  "ml": [%s], "mlErrors": [%s], "warm": [%s],\n  "joint": { "easiness": [%s], "standardErrors": [%s], "logLik": %s },\n  "fit": { "infit": [%s], "outfit": [%s], "infitZ": [%s], "outfitZ": [%s], "person": %d, "personFit": [%s] },\n  "infertData": { "case": [%s], "spontaneous": [%s], "induced": [%s], "stratum": [%s] }\n}\n',
  packageVersion("survival"), packageVersion("eRm"), answer(nails), answer(births), answer(items), answer(clinics),
  num(rm$betapar), num(rm$se.beta), num(rm$loglik), num(lr$LR), lr$df, num(med$LR), med$df,
  num(rm2$betapar), num(rm2$se.beta), num(rm2$loglik),
  num(theta), num(thetaSe), num(warm), num(jb - mean(jb)), num(jse), num(logLik(joint)),
  num(infit), num(outfit), num(infitZ), num(outfitZ), first, num(personFit),
  paste(infert$case, collapse = ","), paste(infert$spontaneous, collapse = ","), paste(infert$induced, collapse = ","),
  paste(infert$stratum, collapse = ",")), file = "test/data/special/conditional.json")
