"""Data on its way between engines and files: what each type becomes, how values are spelt, what is lost."""
