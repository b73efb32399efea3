"""What a run sent and what came of it: records, figures, tables, summaries, objectives."""
