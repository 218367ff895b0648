"""Arrays -> numbers: metrics, calibration, thresholds, bootstrap, paired comparisons."""
