"""Labels from radiology reports: the classical pipeline, each step on its own.

Without scikit-learn: clean, sections, tokens, scope, stopwords, lemmas, bag, rules, labeller.
"""
