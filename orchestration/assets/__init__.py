"""The asset graph, in the order of the data: extracts, warehouse, models, plan, monitors."""
