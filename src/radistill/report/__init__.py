"""Results -> what people read: tables, sentences, checklists, figures, HTML."""
