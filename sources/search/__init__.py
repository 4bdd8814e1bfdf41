"""Live search sources: Google Trends, Wikipedia, suggestions, the trending feed."""
