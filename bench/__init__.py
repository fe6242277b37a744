"""`make bench`: the product's figures, measured side by side on this machine, as a table with median and range."""
