"""Invented chest X-ray reports with known truth, for the built-in labeller and for phantoms.

A small grammar in English: `{name}` is replaced by one of the phrases of that name. No sentence is
a patient's. As in real reports there are denials, doubts, lists and resolved findings, with or
without headings, in capitals, with misspellings and marks of de-identification.
"""

import re
from typing import Literal, NamedTuple

import numpy as np

from radistill.text.nlp.sections import Report, split_sections

ReportKind = Literal["normal", "opacity", "other"]
KINDS: tuple[ReportKind, ...] = ("normal", "opacity", "other")
UNTIDY = 0.12  # share of sentences that are misspelt or de-identified

SHORT = 0.3  # share of reports of one to three sentences
_DECISIVE = {
    "normal": ("{clear}", "{deny}", "{fine}"),
    "opacity": ("{shadow}", "{shadows}"),
    "other": ("{finding}",),
}

# Alternatives are separated by "|" or by lines.
GRAMMAR = {
    "side": "right|left",
    "lobe": "upper lobe|lower lobe|middle lobe|lung base|midlung|lingula|apex|perihilar region",
    "place": "{side} {lobe}|{side} lung|both lung bases|{side} base|retrocardiac region",
    "bi": "bibasilar|bilateral|perihilar|right basilar|left basilar|multifocal|lower lobe",
    "size": "small|mild|moderate|minimal|large|subtle|patchy|dense|hazy|streaky|ill-defined",
    "seen": "is seen|is noted|is present|is identified|is demonstrated|has developed",
    "was": "unchanged|stable|again seen|new|increased|improved|since the prior study",
    "consolidated": """
        consolidation|infiltrate|airspace disease|airspace opacity|pneumonia|alveolar opacity
        airspace opacification|focal consolidation|bronchopneumonia|air space disease
        alveolar disease
    """,
    "bad": """
        pneumothorax|pleural effusion|consolidation|focal consolidation|infiltrate|pulmonary edema
        pneumonia|airspace disease|focal airspace opacity|suspicious nodule|mass|large effusion
        acute bony abnormality|adenopathy|focal airspace consolidation|focal infiltrate
    """,
    "deny": """
        No {bad}.|No {bad} or {bad}.|No {bad}, {bad}, or {bad}.|There is no {bad}.
        There is no evidence of {bad} or {bad}.|Negative for {bad} and {bad}.|No {bad} {bad2}.
        The lungs are free of {bad}.|No focal consolidation, pneumothorax or pleural effusion.
        No pneumothorax or pleural effusion.|Without {bad} or {bad}.|{bad} is not seen.
        There is no focal {consolidated}.|No visible pneumothorax. No pleural effusion.
        Neither {bad} nor {bad} is seen.|No definite {bad}.|No {consolidated} to suggest pneumonia.
    """,
    "bad2": "is seen|is identified|identified|seen",
    "clear": """
        The lungs are clear.|Lungs are clear bilaterally.|Clear lungs.
        Both lungs are clear and expanded.
        The lungs are well expanded and clear.|Lungs clear.|Lung volumes are normal.
        The lungs are normally inflated.|The lungs and pleural spaces are clear.
        The lungs are clear without {bad}.|Lungs are otherwise clear.
    """,
    "heart": """
        The heart is normal in size.|Heart size is normal.|Normal heart size.
        Cardiomediastinal silhouette is within normal limits.|Heart and mediastinum normal.
        The cardiac silhouette and mediastinal contours are normal.
        Normal cardiomediastinal contours.
        The heart size and pulmonary vascularity appear within normal limits.
        Cardiac and mediastinal contours are unremarkable.|The trachea is midline.
    """,
    "bones": """
        Osseous structures are intact.|Visualized bony structures are unremarkable.
        No acute bony abnormality.|The bony thorax is intact.|The skeletal structures are normal.
        Visualized osseous structures of the thorax are without acute abnormality.
        Soft tissues are unremarkable.|
    """,
    "fine": """
        No acute cardiopulmonary disease.|Normal chest.|No acute disease.|No active disease.
        No acute cardiopulmonary abnormality.|Negative chest x-ray.|Normal chest radiograph.
        No acute cardiopulmonary findings.|No evidence of active disease.|Clear lungs.
        No acute pulmonary process.|Unremarkable chest.|No radiographic evidence of pneumonia.
        No acute cardiopulmonary process. No pneumonia.
    """,
    "shadow": """
        There is {size} {consolidated} in the {place}.|{size} {bi} {consolidated}.
        {size} opacity in the {place}, concerning for pneumonia.|{bi} {consolidated}, {was}.
        {consolidated} in the {place} {seen}.|{size} {side} {lobe} {consolidated}.
        {bi} opacities may represent pneumonia.|{place} {consolidated} with {size} effusion.
        {bi} atelectasis versus infiltrate.
        {size} {side} lung base opacity, atelectasis or infiltrate.
        Increased opacity in the {place} suspicious for pneumonia.|Possible {place} {consolidated}.
        {size} airspace opacities in the {place} compatible with pneumonia.
        {bi} airspace disease, {was}.|Findings are consistent with {side} {lobe} pneumonia.
        There are {size} {bi} infiltrates.|{side} {lobe} consolidation with air bronchograms.
        {bi} airspace disease and atelectasis.|The {place} is consolidated.
        Cannot exclude {side} {lobe} pneumonia. {size} opacity in the {place}.
    """,
    "shadows": """
        {side} {lobe} pneumonia.|{bi} {consolidated}.|{size} {consolidated} in the {place}.
        {side} {lobe} {consolidated}, likely pneumonia.|{bi} atelectasis or infiltrate.
        Probable {side} {lobe} pneumonia. Followup to resolution is recommended.
        {place} airspace disease. Please correlate clinically for pneumonia.
        {size} {bi} infiltrates versus atelectasis.|Pneumonia in the {place}.
        {consolidated} {was}.|{side} {lobe} opacity, pneumonia not excluded.
        {bi} airspace disease may represent edema or infection.
    """,
    "finding": """
        The heart is {big}.|{big2} cardiomegaly.|Cardiac silhouette is {big}.|Cardiomegaly, stable.
        There is a {size} {side} pleural effusion.|{size} bilateral pleural effusions.
        Blunting of the {side} costophrenic angle.|{side} pleural effusion, {was}.
        {bi} atelectasis.|Linear atelectasis in the {place}.|Subsegmental atelectasis {place}.
        Scarring in the {place}.|{side} apical pleural thickening.|{place} scar, unchanged.
        Calcified granuloma in the {place}.|Calcified granulomas.|Calcified hilar lymph nodes.
        A {mm} mm nodule in the {place}.|Nodular density in the {place}, {mm} mm.
        There is a mass in the {place}.|Degenerative changes of the thoracic spine.
        Mild degenerative changes are present in the spine.|Scoliosis of the thoracic spine.
        Multilevel osteophytes.|Old healed {side} rib fractures.
        Compression deformity of a vertebral body.
        Tortuous thoracic aorta.|The aorta is tortuous and calcified.
        Atherosclerotic calcification of the aorta.
        The lungs are hyperexpanded with flattened diaphragms.
        Hyperinflated lungs, compatible with COPD.
        Emphysematous changes.|Increased interstitial markings, chronic.|Low lung volumes.
        Pulmonary vascular congestion.|Interstitial edema.|Mild pulmonary edema.
        A {side} {device} {tip}.|Median sternotomy and CABG.|Surgical clips in the {side} axilla.
        Small {side} pneumothorax.|Elevated {side} hemidiaphragm.
        Eventration of the {side} diaphragm.
        Moderate hiatal hernia.|{side} chest tube in place.|Pacemaker leads are unchanged.
        Bronchovascular crowding from low lung volumes.|Prominent pulmonary arteries.
        Deformity of the {side} clavicle.|Dextrocurvature of the spine.|Diffuse osteopenia.
        Bullous change at the {side} apex.|Pulmonary fibrosis at both bases.
    """,
    "big": "enlarged|mildly enlarged|borderline enlarged|at the upper limits of normal",
    "big2": "Mild|Stable|Moderate|Borderline|Marked",
    "mm": "4|6|8|12|15",
    "device": "central venous catheter|PICC line|pacemaker|port|dual-lumen catheter",
    "tip": "is in place|with tip in the SVC|terminates at the cavoatrial junction",
    "gone": """
        Previously seen {side} {lobe} infiltrate has resolved.
        Interval resolution of {place} airspace disease.
        {consolidated} is no longer seen.|The {place} pneumonia has cleared.
    """,
    "other": """
        {finding}|{finding} No acute disease.|No acute cardiopulmonary abnormality. {finding}
        {finding} No evidence of pneumonia.|{finding} Otherwise no acute disease.
        No acute findings.|No acute cardiopulmonary disease.|{finding} {finding}
    """,
    "indication": """
        Cough and fever.|Shortness of breath.|Chest pain.|Rule out pneumonia.
        Evaluate for infiltrate.
        Positive TB test.|Preoperative evaluation.|History of pneumonia.|XXXX-year-old with dyspnea.
        Fever, question pneumonia.|Followup.|Trauma.
    """,
    "comparison": "None.|None available.|XXXX, XXXX.|Chest radiograph dated XXXX.|Prior study.",
}

_CHOICES = {
    name: [
        choice.strip()
        for choice in re.split(r"[|\n]", text.strip())
        if choice.strip() or name == "bones"
    ]
    for name, text in GRAMMAR.items()
}


class InventedReport(NamedTuple):
    """An invented report as one text, and its truth."""

    text: str
    kind: ReportKind

    @property
    def report(self) -> Report:
        return split_sections(self.text)


def write_report(kind: ReportKind, rng: np.random.Generator) -> InventedReport:
    """One report of a kind. A doubted opacity counts as opacity."""
    findings, impression = _content(kind, rng)
    return InventedReport(_laid_out(findings, impression, rng), kind)


def write_reports(count: int, seed: int) -> list[InventedReport]:
    """`count` reports, the kinds in turn; the same seed gives the same reports."""
    rng = np.random.default_rng(seed)
    return [write_report(KINDS[i % len(KINDS)], rng) for i in range(count)]


def _content(kind: ReportKind, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Sentences of findings and of impression."""
    start = ["{heart}", "{deny}", "{bones}"]
    if rng.random() < SHORT:
        decisive = _DECISIVE[kind]
        findings, impression = [decisive[int(rng.integers(len(decisive)))]], []
        if rng.random() < 0.3:
            findings.append("{heart}")
    elif kind == "normal":
        findings, impression = [*start, "{clear}"], ["{fine}"]
    elif kind == "opacity":
        findings, impression = [*_some(start, rng), "{shadow}"], ["{shadows}"]
        if rng.random() < 0.5:
            findings.append("{finding}")
        if rng.random() < 0.2:  # only one of the two parts says it
            findings = [s for s in findings if s != "{shadow}"]
    else:
        findings = [*_some([*start, "{clear}"], rng), *["{finding}"] * int(rng.integers(1, 4))]
        impression = ["{other}"]
    if kind != "opacity" and rng.random() < 0.2:
        findings.append("{gone}")
    order = rng.permutation(len(findings))
    return [_expand(findings[i], rng) for i in order], [_expand(s, rng) for s in impression]


def _some(sentences: list[str], rng: np.random.Generator) -> list[str]:
    return [sentence for sentence in sentences if rng.random() < 0.7]


def _expand(text: str, rng: np.random.Generator) -> str:
    while (start := text.find("{")) >= 0:
        end = text.index("}", start)
        choices = _CHOICES[text[start + 1 : end]]
        text = text[:start] + choices[int(rng.integers(len(choices)))] + text[end + 1 :]
    text = _untidy(text, rng) if rng.random() < UNTIDY else text
    return text[:1].upper() + text[1:]


def _untidy(sentence: str, rng: np.random.Generator) -> str:
    """One long word misspelt, or one short one removed for privacy."""
    words = sentence.split()
    if not words:
        return sentence
    i = int(rng.integers(len(words)))
    word = words[i]
    if len(word) >= 7:
        j = int(rng.integers(1, len(word) - 3))
        words[i] = word[:j] + word[j + 1] + word[j] + word[j + 2 :]
    elif word.lower() in ("new", "acute", "likely", "angle", "lung", "bony", "nodes"):
        words[i] = "XXXX"
    return " ".join(words)


def _laid_out(findings: list[str], impression: list[str], rng: np.random.Generator) -> str:
    """One text, with headings as one hospital or another would set them."""
    body, conclusion = " ".join(filter(None, findings)), " ".join(impression)
    indication, comparison = _expand("{indication}", rng), _expand("{comparison}", rng)
    style = int(rng.integers(5))
    if style == 0:
        before = f"INDICATION: {indication} COMPARISON: {comparison}"
        return f"{before} FINDINGS: {body} IMPRESSION: {conclusion}"
    if style == 1:
        return f"Indication: {indication}\nFindings:\n{body}\n\nImpression:\n1. {conclusion}\n"
    if style == 2:
        return f"HISTORY: {indication}\nFINDINGS: {body}\nCONCLUSION: {conclusion}".upper()
    if style == 3:
        return f"Clinical history: {indication}\nReport: {body} {conclusion}"
    return f"{body} {conclusion}"
