"""What every stage stands on: settings, parts, tables, workers."""
