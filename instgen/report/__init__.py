"""Numbers about a dataset, and the page that shows them. Pure: records and rows in, numbers and text out."""
