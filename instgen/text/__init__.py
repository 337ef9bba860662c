"""What text is made of: script-aware tokens, ROUGE-L, the similarity index. Pure."""
