"""The pages that explain the bill. One module a page; each shows tables of `selectors.reports`, and pictures of them."""
