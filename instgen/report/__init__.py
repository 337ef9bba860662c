"""Statistics of a dataset, and the HTML page that shows them. Pure: records and rows in, numbers and text out."""
