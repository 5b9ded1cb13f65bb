"""From a network's logit to llr, probability, error rates and thresholds."""
