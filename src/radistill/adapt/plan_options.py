"""The options of `radistill plan`; without SciPy, for the start of the command line."""

from pydantic import BaseModel, ConfigDict, Field


class PlanOptions(BaseModel):
    """What is expected of the model at the site, and how wide its 95 % intervals may be."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prevalence: float = Field(0.3, ge=0.001, le=0.999, description="Share of positive films.")
    auc: float = Field(0.8, ge=0.51, le=0.999, description="AUC to be expected at the site.")
    auc_width: float = Field(0.1, ge=0.001, le=1, description="Width of the interval of AUC.")
    sensitivity: float = Field(0.9, ge=0, le=1, description="Sensitivity to be expected.")
    sensitivity_width: float = Field(0.15, ge=0.001, le=1, description="Width of its interval.")
    specificity: float = Field(0.8, ge=0, le=1, description="Specificity to be expected.")
    specificity_width: float = Field(0.15, ge=0.001, le=1, description="Width of its interval.")
    oe_width: float = Field(
        0.4, ge=0.001, le=10, description="Width of the interval of observed over expected."
    )
    slope_width: float = Field(
        0.6, ge=0.001, le=10, description="Width of the interval of the calibration slope."
    )
    auc_before: float | None = Field(
        None, ge=0.5, le=0.99, description="For the power table: AUC before; else that of --auc."
    )
    correlation: float | None = Field(
        None,
        ge=-0.99,
        le=0.99,
        description="Of the scores before and after, in a class; else that of a head on the model.",
    )
    films_per_patient: float = Field(
        1.0, ge=1, le=100, description="Films of a patient, on average."
    )
