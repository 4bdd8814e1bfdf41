"""What texts say: language, tone, emotions, intent, questions, and how they match."""
