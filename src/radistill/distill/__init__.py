"""Knowledge distillation: losses, the objective built from them, teacher outputs."""
