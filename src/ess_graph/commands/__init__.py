"""Commands that have a module of their own; each joins the stages it needs."""
