"""Text processing: sections, tokens, lemmas, stop words, negation scope, bag of words."""
